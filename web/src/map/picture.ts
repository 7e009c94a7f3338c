// The printed sheet: map, title, legend, scale bar, north arrow, date and sources on one canvas.

import { lengthText, scaleBar } from './scale';
import { SWATCH } from './swatch';

export interface LegendLine {
  label: string;
  /** A layer's name stands bold, its classes below it do not. */
  head: boolean;
  svg: string | null;
}

export interface Sheet {
  map: HTMLCanvasElement;
  /** Canvas pixels to a CSS pixel. */
  ratio: number;
  lat: number;
  zoom: number;
  title: string;
  date: string;
  system: string;
  attribution: string;
  legendTitle: string;
  legend: LegendLine[];
}

const FONT = '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif';
const INK = '#1b2733';
const PALE = '#566472';
const MARGIN = 28;
const HEAD = 56;
const FOOT = 48;
const COLUMN = 210;
const ROW = 21;

/** Lays out and draws the sheet. The paper is white in both styles: it is meant for a printer. */
export async function drawSheet(sheet: Sheet): Promise<Blob> {
  const width = sheet.map.width / sheet.ratio;
  const height = sheet.map.height / sheet.ratio;
  const rows = Math.max(1, Math.floor((height - 34) / ROW));
  const columns = Math.ceil(sheet.legend.length / rows);
  const legendWidth = columns * COLUMN;
  const page = { w: width + 2 * MARGIN + (columns ? legendWidth + 16 : 0), h: height + HEAD + FOOT + MARGIN };

  const canvas = Object.assign(document.createElement('canvas'), { width: page.w * sheet.ratio, height: page.h * sheet.ratio });
  const g = canvas.getContext('2d');
  if (!g) throw new Error('no 2D canvas');
  g.scale(sheet.ratio, sheet.ratio);
  g.fillStyle = '#fff';
  g.fillRect(0, 0, page.w, page.h);

  g.fillStyle = INK;
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  g.font = `600 24px ${FONT}`;
  g.fillText(sheet.title, page.w / 2, HEAD / 2 + 4, page.w - 2 * MARGIN);

  g.drawImage(sheet.map, MARGIN, HEAD, width, height);
  g.strokeStyle = INK;
  g.lineWidth = 1.5;
  g.strokeRect(MARGIN - 0.75, HEAD - 0.75, width + 1.5, height + 1.5);
  northArrow(g, MARGIN + width - 30, HEAD + 16);
  foot(g, sheet, page.w, HEAD + height);
  await legend(g, sheet, MARGIN + width + 16, HEAD, rows);

  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('no PNG'))), 'image/png'));
}

function foot(g: CanvasRenderingContext2D, sheet: Sheet, pageWidth: number, top: number): void {
  const bar = scaleBar(sheet.lat, sheet.zoom, 180);
  const y = top + 18;
  // Two black and two white pieces, as on a printed sheet.
  for (let i = 0; i < 4; i++) {
    g.fillStyle = i % 2 ? '#fff' : INK;
    g.fillRect(MARGIN + (i * bar.px) / 4, y, bar.px / 4, 5);
  }
  g.strokeStyle = INK;
  g.lineWidth = 1;
  g.strokeRect(MARGIN, y, bar.px, 5);
  g.fillStyle = INK;
  g.font = `12px ${FONT}`;
  g.textAlign = 'left';
  g.fillText('0', MARGIN, y + 17);
  g.textAlign = 'center';
  g.fillText(lengthText(bar.metres / 2), MARGIN + bar.px / 2, y + 17);
  g.fillText(lengthText(bar.metres), MARGIN + bar.px, y + 17);

  g.fillStyle = PALE;
  g.textAlign = 'right';
  const most = pageWidth - 2 * MARGIN - bar.px - 60;
  g.fillText([sheet.system, sheet.date].join('　'), pageWidth - MARGIN, y + 3, most);
  if (sheet.attribution) g.fillText(sheet.attribution, pageWidth - MARGIN, y + 21, most);
}

function northArrow(g: CanvasRenderingContext2D, x: number, y: number): void {
  g.save();
  g.translate(x, y);
  g.fillStyle = 'rgba(255,255,255,.85)';
  g.beginPath();
  g.arc(7, 20, 21, 0, 7);
  g.fill();
  g.fillStyle = INK;
  g.beginPath();
  g.moveTo(7, 4);
  g.lineTo(14, 26);
  g.lineTo(7, 21);
  g.closePath();
  g.fill();
  g.strokeStyle = INK;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(7, 4);
  g.lineTo(0, 26);
  g.lineTo(7, 21);
  g.stroke();
  g.font = `600 10px ${FONT}`;
  g.textAlign = 'center';
  g.fillText('N', 7, 33);
  g.restore();
}

async function legend(g: CanvasRenderingContext2D, sheet: Sheet, x: number, y: number, rows: number): Promise<void> {
  if (sheet.legend.length === 0) return;
  g.fillStyle = INK;
  g.textAlign = 'left';
  g.font = `600 14px ${FONT}`;
  g.fillText(sheet.legendTitle, x, y + 8);
  for (const [i, line] of sheet.legend.entries()) {
    const left = x + Math.floor(i / rows) * COLUMN;
    const top = y + 34 + (i % rows) * ROW;
    if (line.svg) g.drawImage(await picture(line.svg), left, top - SWATCH.height / 2, SWATCH.width, SWATCH.height);
    g.fillStyle = line.head ? INK : PALE;
    g.font = `${line.head ? 600 : 400} 12px ${FONT}`;
    const indent = line.svg ? SWATCH.width + 8 : 0;
    g.fillText(cut(g, line.label, COLUMN - indent - 10), left + indent, top);
  }
}

/** A text that fits, with an ellipsis when it had to be cut: squeezed letters are worse. */
function cut(g: CanvasRenderingContext2D, text: string, most: number): string {
  if (g.measureText(text).width <= most) return text;
  let n = text.length;
  while (n > 1 && g.measureText(`${text.slice(0, n)}…`).width > most) n--;
  return `${text.slice(0, n)}…`;
}

async function picture(svg: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  return image;
}
