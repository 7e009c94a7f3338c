// A legend box as SVG text: the layer panel shows it, the printed picture draws it.

import type { Swatch } from './legend';
import type { IconPicture } from './sprite';

export const SWATCH = { width: 28, height: 16 };

const escape = (v: unknown) => String(v).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const clamp = (v: number, low: number, high: number) => Math.min(high, Math.max(low, v));

/** `shape` tells a line from the border of an area: an area without fill is drawn as a frame. */
export function swatchSvg(swatch: Swatch, shape: 'point' | 'line' | 'polygon' | 'raster', icons: ReadonlyMap<string, IconPicture>): string {
  const { width: w, height: h } = SWATCH;
  const out: string[] = [];
  if (swatch.hillshade) {
    out.push(
      '<defs><linearGradient id="s" x2="1" y2="1"><stop stop-color="#fff"/><stop offset="1" stop-color="#7d8791"/></linearGradient></defs>',
      `<rect x=".5" y=".5" width="${w - 1}" height="${h - 1}" rx="2" fill="#c9d0d6"/><path d="M1 ${h - 1}L9 4l5 6 5-7 8 ${h - 5}z" fill="url(#s)"/>`,
    );
  }
  const stroke = swatch.strokes.at(-1);
  if (swatch.fill) {
    const edge = stroke?.color ?? swatch.fill.outline;
    const line = edge ? ` stroke="${escape(edge)}" stroke-width="${clamp(stroke?.width ?? 1, 0.75, 1.5)}"` : '';
    out.push(`<rect x="1" y="1" width="${w - 2}" height="${h - 2}" rx="1.5" fill="${escape(swatch.fill.color)}" fill-opacity="${swatch.fill.opacity}"${line}/>`);
  } else if (swatch.pattern && icons.has(swatch.pattern)) {
    out.push(pattern(icons.get(swatch.pattern)!, w, h, stroke?.color));
  } else {
    // Widths are scaled down together, so that a casing stays wider than its line.
    const widest = Math.max(1, ...swatch.strokes.map((s) => s.width));
    const scale = Math.min(1, 8 / widest);
    for (const s of swatch.strokes) {
      const width = clamp(s.width * scale, 1, 8);
      const dash = s.dash ? ` stroke-dasharray="${s.dash.map((d) => Number((d * width).toFixed(2))).join(' ')}"` : '';
      const path = shape === 'polygon' ? `M2 2H${w - 2}V${h - 2}H2z` : `M0 ${h / 2}H${w}`;
      out.push(`<path d="${path}" fill="none" stroke="${escape(s.color)}" stroke-width="${shape === 'polygon' ? Math.min(width, 2) : width}" stroke-opacity="${s.opacity}"${dash}/>`);
    }
  }
  const teeth = swatch.linePattern ? icons.get(swatch.linePattern) : undefined;
  if (teeth) {
    const k = Math.min(1, h / teeth.height);
    for (let x = 0; x < w; x += teeth.width * k)
      out.push(`<image href="${teeth.url}" x="${x}" y="${(h - teeth.height * k) / 2}" width="${teeth.width * k}" height="${teeth.height * k}"/>`);
  }
  if (swatch.circle) {
    const c = swatch.circle;
    const ring = c.strokeWidth ? ` stroke="${escape(c.stroke)}" stroke-width="${clamp(c.strokeWidth, 0.75, 2.5)}"` : '';
    out.push(`<circle cx="${w / 2}" cy="${h / 2}" r="${clamp(c.radius, 2.5, 5.5)}" fill="${escape(c.color)}" fill-opacity="${c.opacity}"${ring}/>`);
  }
  const icon = swatch.icon ? icons.get(swatch.icon) : undefined;
  if (icon) {
    const k = Math.min(1, h / icon.height, w / icon.width);
    const [iw, ih] = [icon.width * k, icon.height * k];
    out.push(`<image href="${icon.url}" x="${(w - iw) / 2}" y="${(h - ih) / 2}" width="${iw}" height="${ih}"/>`);
  }
  if (out.length === 0 && (swatch.text || swatch.icon)) {
    const { color, halo } = swatch.text ?? { color: '#666', halo: 'transparent' };
    out.push(
      `<text x="${w / 2}" y="${h - 3.5}" text-anchor="middle" font-size="12" font-family="sans-serif" paint-order="stroke" stroke="${escape(halo)}" stroke-width="2" fill="${escape(color)}">文</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" aria-hidden="true">${out.join('')}</svg>`;
}

function pattern(icon: IconPicture, w: number, h: number, edge: string | undefined): string {
  const tiles: string[] = [];
  for (let x = 0; x < w; x += icon.width)
    for (let y = 0; y < h; y += icon.height) tiles.push(`<image href="${icon.url}" x="${x}" y="${y}" width="${icon.width}" height="${icon.height}"/>`);
  return `${tiles.join('')}<rect x=".5" y=".5" width="${w - 1}" height="${h - 1}" fill="none" stroke="${escape(edge ?? '#999')}"/>`;
}
