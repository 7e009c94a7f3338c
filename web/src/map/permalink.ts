// What a link to the map carries: camera, style, hidden layers, language, form of the grid coordinates.
// It lives in the hash, so it never reaches the server's log, and reads `#map=14.20/29.03160/111.69850&style=dark`.

export interface Camera {
  zoom: number;
  lat: number;
  lon: number;
}

/** Everything is optional: what a link leaves out stays as it is. */
export interface Link {
  camera?: Camera;
  style?: string;
  hidden?: string[];
  lang?: 'zh' | 'en';
  /** EPSG code of the plane coordinates; in earlier links `plain` or `zone`: without or with zone number. */
  gk?: string;
}

export function writeLink(link: Link): string {
  const parts: string[] = [];
  if (link.camera) {
    const { zoom, lat, lon } = link.camera;
    parts.push(`map=${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
  }
  if (link.style) parts.push(`style=${encodeURIComponent(link.style)}`);
  if (link.hidden?.length) parts.push(`hide=${[...link.hidden].sort().map(encodeURIComponent).join(',')}`);
  if (link.lang) parts.push(`lang=${link.lang}`);
  if (link.gk) parts.push(`gk=${link.gk}`);
  return `#${parts.join('&')}`;
}

/** Reads a hash. Parts that make no sense are left out rather than guessed. */
export function readLink(hash: string): Link {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const link: Link = {};
  const camera = query.get('map')?.split('/').map(Number);
  if (camera?.length === 3 && camera.every(Number.isFinite)) {
    const [zoom, lat, lon] = camera as [number, number, number];
    if (zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180) link.camera = { zoom, lat, lon };
  }
  const style = query.get('style');
  if (style && /^[\w-]{1,40}$/.test(style)) link.style = style;
  // A link with a camera speaks for the whole view: no `hide` in it means that nothing is hidden.
  const hide = query.get('hide');
  if (hide !== null || link.camera) link.hidden = (hide ?? '').split(',').filter((id) => /^[\w.:-]+$/.test(id));
  const lang = query.get('lang');
  if (lang === 'zh' || lang === 'en') link.lang = lang;
  const gk = query.get('gk');
  if (gk && /^(plain|zone|\d{4,6})$/.test(gk)) link.gk = gk;
  return link;
}
