// The box around a geometry, and the order of hits that it gives.

import type { Geometry, Position } from 'geojson';
import type { Hit } from '../api/types';
import type { Bounds } from './shell';

export function boundsOf(geometry: Geometry): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (node: Position | Position[] | Position[][] | Position[][][]): void => {
    if (typeof node[0] === 'number') {
      const [x, y] = node as [number, number];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    } else for (const child of node as Position[]) take(child);
  };
  if (geometry.type === 'GeometryCollection') {
    for (const part of geometry.geometries) {
      const inner = boundsOf(part);
      if (inner) take([[inner[0], inner[1]], [inner[2], inner[3]]]);
    }
  } else take(geometry.coordinates);
  return box[0] <= box[2] ? box : null;
}

/**
 * Orders hits as a reader means them: a point or line within reach before the areas it lies in, small areas before
 * those around them, so that a click on a manhole is not answered with the province.
 */
export function byReach(hits: Hit[]): Hit[] {
  const size = (hit: Hit): number => {
    if (!hit.geometry || !/Polygon$/.test(hit.geometry.type)) return -1;
    const box = boundsOf(hit.geometry);
    return box ? (box[2] - box[0]) * (box[3] - box[1]) : Infinity;
  };
  return hits.map((hit) => ({ hit, size: size(hit) })).sort((a, b) => a.size - b.size || a.hit.distance_m - b.hit.distance_m).map(({ hit }) => hit);
}
