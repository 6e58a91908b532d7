/** The context drawer of screens too narrow for a fourth column. */
import { settings } from '$lib/settings/settings.svelte';

class Drawer {
  isOpen = $state(false);

  /** Shows or hides the context: the column where there is room, else the drawer. */
  toggle(): void {
    if (matchMedia('(min-width: 1280px)').matches) settings.set({ hasContext: !settings.hasContext });
    else this.isOpen = !this.isOpen;
  }
}

export const drawer = new Drawer();
