/** Places in a text as the server counts them: by code points, not by the units of this language. Pure. */
export const codePoints = (text: string, units: number): number => [...text.slice(0, units)].length;
