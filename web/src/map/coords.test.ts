import { describe, expect, test } from 'vitest';
import { dmsText, epsgOf, gkText, parsePlace } from './coords';

describe('what people type', () => {
  const place = { lon: 111.6985, lat: 29.0316 };
  test.each([
    '111.6985, 29.0316',
    '29.0316 111.6985',
    '111.6985，29.0316',
    '29.0316N 111.6985E',
    'E111.6985 N29.0316',
    '29.0316°, 111.6985°',
    `29°01′53.76″N 111°41′54.6″E`,
    `29°01'53.76"N, 111°41'54.6"E`,
    '东经111°41′54.6″ 北纬29°01′53.76″',
    '111度41分54.6秒，29度1分53.76秒',
    '3212973.0233 568041.2647',
    '568041.2647, 3212973.0233',
    '37568041.2647 3212973.0233',
    '3212973.0233，37568041.2647',
    '3214957.9135 38275780.4655',
  ])('%s is the place', (text) => {
    const got = parsePlace(text, 37);
    expect(got).not.toBeNull();
    expect(got!.lon).toBeCloseTo(place.lon, 7);
    expect(got!.lat).toBeCloseTo(place.lat, 7);
  });

  test.each(['', '常德', '111.7', '1 2 3', '999 999', '3212973 3212973', '99568041 3212973', '111.7 3212973'])('%j is no place', (text) => {
    expect(parsePlace(text, 37)).toBeNull();
  });
});

test('seconds carry over into minutes and degrees', () => {
  expect(dmsText(29.9999999)).toBe('30°00′00.0″');
  expect(dmsText(111.6985)).toBe('111°41′54.6″');
  expect(dmsText(-0.5)).toBe('-0°30′00.0″');
});

test('the codes of zone 37 are 4525 and 4546', () => {
  expect([epsgOf(37, 'zone'), epsgOf(37, 'plain'), epsgOf(38, 'plain')]).toEqual([4525, 4546, 4547]);
});

test('northing and easting are written to the centimetre', () => {
  expect(gkText(111.6985, 29.0316, 37, 'zone')).toEqual({ n: '3212973.02', e: '37568041.26' });
  expect(gkText(111.6985, 29.0316, 37, 'plain')).toEqual({ n: '3212973.02', e: '568041.26' });
});
