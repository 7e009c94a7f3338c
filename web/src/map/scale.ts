// Scale of a Web Mercator map: metres to a pixel, the bar's round length, the ratio 1:N.

/** Equator's length in Web Mercator, metres, over the 512 pixels of zoom 0. */
const METRES_PER_PIXEL_Z0 = (2 * Math.PI * 6378137) / 512;
/** A CSS pixel by definition: 1/96 inch. */
const PIXEL_M = 0.0254 / 96;

export function metresPerPixel(lat: number, zoom: number): number {
  return (METRES_PER_PIXEL_Z0 * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/** The longest of 1, 2, 5 × 10^n metres that fits into `maxPx`, and its length on screen. */
export function scaleBar(lat: number, zoom: number, maxPx: number): { metres: number; px: number } {
  const resolution = metresPerPixel(lat, zoom);
  const most = resolution * maxPx;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((k) => k * power).find((m) => m <= most) ?? power;
  return { metres, px: metres / resolution };
}

/** N of 1:N to two figures, as a reader expects it (1:25000, not 1:24873). */
export function scaleRatio(lat: number, zoom: number): number {
  return Number((metresPerPixel(lat, zoom) / PIXEL_M).toPrecision(2));
}

/** A length as written on the bar. */
export function lengthText(metres: number): string {
  return metres >= 1000 ? `${metres / 1000} km` : metres >= 1 ? `${metres} m` : `${Number((metres * 100).toPrecision(1))} cm`;
}
