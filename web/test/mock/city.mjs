// A few blocks of an invented city as GeoJSON by layer: enough for every style rule to draw something.
// Deterministic, so that browser tests can name what they click. Stands in for a server while there is none.

const LON = 111.6985;
const LAT = 29.0316;
const M_LAT = 1 / 110_860;
const M_LON = 1 / (111_320 * Math.cos((LAT * Math.PI) / 180));

/** Metres east and north of the middle → degrees. */
export const at = (x, y) => [LON + x * M_LON, LAT + y * M_LAT];

const ROADS = ['武陵大道', '洞庭大道', '柳叶大道', '朗州路', '人民路', '建设路', '皂果路', '丹阳路', '滨湖路', '育才路'];
const USES = ['0701', '0501', '0803', '0810', '0601', '0801', '0701', '0701'];
const KINDS = ['residential', 'commercial', 'education', 'public', 'industrial', 'medical'];
const PIPES = ['water', 'rain', 'sewage', 'gas', 'power', 'telecom', 'heat', 'industrial'];
const BLOCK = 200;

export function city() {
  const layers = {};
  let id = 0;
  const add = (layer, type, coordinates, properties) => {
    (layers[layer] ??= []).push({ type: 'Feature', id: ++id, geometry: { type, coordinates }, properties });
  };
  const rect = (x0, y0, x1, y1) => [[at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)]];

  add('boundary.area', 'Polygon', rect(-60000, -50000, 40000, 90000), { code: '430700', name: '常德市', level: 'prefecture', area_km2: 18177 });
  add('boundary.area', 'Polygon', rect(-9000, -9000, 9000, 9000), { code: '430702', name: '武陵区', level: 'county', area_km2: 324 });
  for (const [i, [x0, y0, x1, y1]] of [[-60000, -50000, 40000, 90000], [-9000, -9000, 9000, 9000], [-3000, -3000, 3000, 3000]].entries())
    add('boundary.line', 'LineString', rect(x0, y0, x1, y1)[0], { level: ['prefecture', 'county', 'town'][i], status: 'fixed' });

  const river = Array.from({ length: 60 }, (_, i) => [i * 500 - 15000, -2600 + 700 * Math.sin(i / 6)]);
  add('water.area', 'Polygon', [[...river.map(([x, y]) => at(x, y + 300)), ...river.reverse().map(([x, y]) => at(x, y - 300)), at(-15000, -2300)]], { name: '沅江', kind: 'river', area_m2: 18e6 });
  add('water.area', 'Polygon', [Array.from({ length: 41 }, (_, i) => at(3800 + 1300 * Math.cos((i % 40) / 6.366), 3300 + 800 * Math.sin((i % 40) / 6.366)))], { name: '柳叶湖', kind: 'lake', area_m2: 3.2e6 });
  add('water.line', 'LineString', Array.from({ length: 40 }, (_, i) => at(-600 + 150 * Math.sin(i / 3), -2300 + i * 200)), { name: '穿紫河', kind: 'stream' });

  for (let k = -20; k <= 20; k++) {
    const cls = k % 8 === 0 ? 'expressway' : k % 4 === 0 ? 'arterial' : k % 2 === 0 ? 'secondary' : 'branch';
    const name = cls === 'branch' ? `${ROADS[(k + 20) % 10].slice(0, 2)}巷` : ROADS[(k + 20) % 10];
    add('transport.road', 'LineString', [at(-4000, k * BLOCK), at(4000, k * BLOCK)], { name, class: cls, level: 'ground' });
    add('transport.road', 'LineString', [at(k * BLOCK, -1800), at(k * BLOCK, 4000)], { name: ROADS[(k + 24) % 10].replace('路', '街'), class: cls, level: 'ground' });
  }
  add('transport.road', 'LineString', [at(-40000, 20000), at(0, 4000), at(30000, -40000)], { name: '长张高速', number: 'G5513', class: 'motorway', level: 'ground' });
  add('transport.road', 'LineString', [at(0, -1800), at(0, -4200)], { name: '沅水大桥', class: 'expressway', level: 'bridge' });
  add('transport.bridge', 'LineString', [at(0, -1900), at(0, -3400)], { name: '沅水大桥', kind: 'road', length_m: 1500 });
  add('transport.railway', 'LineString', [at(-30000, -9000), at(-4000, 4300), at(20000, 9000)], { name: '石长铁路', kind: 'double', level: 'ground' });
  for (let i = 0; i < 24; i++) add('transport.stop', 'Point', at(-3000 + (i % 6) * 1200, -1500 + Math.floor(i / 6) * 1400), { name: `${ROADS[i % 10]}口`, kind: i === 7 ? 'rail' : 'bus' });

  for (let bx = -12; bx < 12; bx++)
    for (let by = -8; by < 12; by++) {
      const use = USES[Math.abs(bx * 7 + by * 3) % USES.length];
      const [x, y] = [bx * BLOCK + 12, by * BLOCK + 12];
      for (let p = 0; p < 4; p++) {
        const [px, py] = [x + (p % 2) * 88, y + Math.floor(p / 2) * 88];
        const number = `GB${String(Math.abs(bx * 97 + by * 13 + p)).padStart(5, '0')}`;
        add('cadastre.parcel', 'Polygon', rect(px, py, px + 88, py + 88), { code: `430702001001${number}`, number, use });
        for (const [i, corner] of rect(px, py, px + 88, py + 88)[0].slice(0, 4).entries()) add('cadastre.boundary_point', 'Point', corner, { number: `J${i + 1}` });
        if (use === '0810') continue;
        for (let b = 0; b < 3; b++)
          add('cadastre.building', 'Polygon', rect(px + 10, py + 8 + b * 26, px + 74, py + 24 + b * 26), {
            name: b === 0 && p === 0 ? `${['和平', '光明', '新村', '桃林'][Math.abs(bx + by) % 4]}楼` : undefined,
            number: String(b + 1), kind: KINDS[Math.abs(bx + by * 5) % KINDS.length], floors: 3 + ((bx * bx + b) % 20), height_m: 3 * (3 + ((bx * bx + b) % 20)),
          });
      }
      for (const [i, kind] of PIPES.entries()) {
        const y0 = by * BLOCK - 8 + i * 2.2;
        add('pipeline.line', 'LineString', [at(bx * BLOCK, y0), at(bx * BLOCK + BLOCK, y0)], { kind, size: String(100 * (i + 2)), flow: '0' });
        add('pipeline.node', 'Point', at(bx * BLOCK, y0), { kind, point_no: `${kind[0].toUpperCase()}${Math.abs(bx * 31 + by)}`, appendage: i % 2 ? 'manhole' : 'valve', feature: 'straight' });
      }
    }

  for (let h = 1; h <= 12; h++) {
    const ring = Array.from({ length: 49 }, (_, i) => at(-9000 + (4200 - h * 320) * Math.cos((i % 48) / 7.64), 9500 + (3100 - h * 240) * Math.sin((i % 48) / 7.64)));
    add('terrain.contour', 'LineString', ring, { elevation_m: 50 + h * 20, kind: h % 5 === 0 ? 'index' : 'intermediate' });
  }
  add('terrain.spot', 'Point', at(-9000, 9500), { elevation_m: 328.4, kind: 'peak', name: '太阳山' });
  for (let i = 0; i < 30; i++) add('terrain.spot', 'Point', at(-2800 + (i % 6) * 1000, -1400 + Math.floor(i / 6) * 1100), { elevation_m: 32 + i / 10, kind: 'height' });
  add('landform.feature', 'LineString', [at(-7000, 6500), at(-6000, 7200), at(-5200, 7000)], { kind: 'cliff' });
  add('control.point', 'Point', at(420, 640), { point_no: 'CD01', name: '常德一中', type: 'gnss', grade: 'C' });
  add('control.point', 'Point', at(-1500, -900), { point_no: 'BM07', type: 'benchmark', grade: 'L2' });

  const places = [
    [0, 0, '常德市', 'Changde', 'prefecture', 1], [-2400, 900, '武陵区', 'Wuling', 'county', 2], [2500, -4800, '鼎城区', 'Dingcheng', 'county', 2],
    [-30000, -12000, '桃源县', 'Taoyuan', 'county', 2], [25000, 40000, '澧县', 'Lixian', 'county', 2], [900, 1500, '穿紫河街道', 'Chuanzihe', 'subdistrict', 4],
    [-1200, 2300, '芷兰街道', 'Zhilan', 'subdistrict', 4], [5200, 4600, '柳叶湖街道', 'Liuyehu', 'subdistrict', 4], [7000, -3000, '德山镇', 'Deshan', 'town', 4],
    [520, 330, '常德市人民政府', 'Municipal Government', 'government', 5], [-700, 520, '第一人民医院', 'First Hospital', 'hospital', 5],
    [300, -900, '第一中学', 'No. 1 School', 'school', 6], [1700, 1100, '白马湖公园', 'Baimahu Park', 'park', 6], [-300, 150, '和平社区', 'Heping', 'community', 7],
  ];
  for (const [x, y, name, roman, kind, rank] of places) add('placename.place', 'Point', at(x, y), { name, roman, kind, rank });
  return layers;
}
