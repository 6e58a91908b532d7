/** Whether the palette and the shortcut sheet are open. */
class PaletteState {
  isOpen = $state(false);
  isSheetOpen = $state(false);
}

export const palette = new PaletteState();
