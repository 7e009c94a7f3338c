import { describe, expect, test } from 'vitest';
import type { Zone } from '../api/types';
import { dmsText, parsePlace, planeText } from './coords';

const zone = (epsg: number, meridian: number, easting: number, scale = 1): Zone => ({ epsg, title: { zh: '', en: '' }, meridian, scale, easting, northing: 0 });
const CHANGDE = { box: [110.48, 28.4, 112.3, 30.13] as [number, number, number, number], zones: [zone(4546, 111, 500_000), zone(4525, 111, 37_500_000)] };
const TOWN = { box: [14.88, 51.08, 15.06, 51.22] as [number, number, number, number], zones: [zone(25833, 15, 500_000, 0.9996)] };

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
    const got = parsePlace(text, CHANGDE);
    expect(got).not.toBeNull();
    expect(got!.lon).toBeCloseTo(place.lon, 7);
    expect(got!.lat).toBeCloseTo(place.lat, 7);
  });

  test.each(['', '常德', '111.7', '1 2 3', '999 999', '3212973 3212973', '99568041 3212973', '111.7 3212973'])('%j is no place', (text) => {
    expect(parsePlace(text, CHANGDE)).toBeNull();
  });
});

test('seconds carry over into minutes and degrees', () => {
  expect(dmsText(29.9999999)).toBe('30°00′00.0″');
  expect(dmsText(111.6985)).toBe('111°41′54.6″');
  expect(dmsText(-0.5)).toBe('-0°30′00.0″');
});

test.each(['14.987, 51.153', '51.153, 14.987', '51.153N 14.987E', '5666839.37039 499090.79859', '499090.79859, 5666839.37039'])('%s is a place in a town elsewhere', (text) => {
  const got = parsePlace(text, TOWN);
  expect(got!.lon).toBeCloseTo(14.987, 7);
  expect(got!.lat).toBeCloseTo(51.153, 7);
});

test('the number of a Chinese zone says nothing in a town elsewhere', () => {
  expect(parsePlace('37568041.26 3212973.02', TOWN)).toBeNull();
});

test('northing and easting are written to the centimetre', () => {
  expect(planeText(111.6985, 29.0316, CHANGDE.zones[1]!)).toEqual({ n: '3212973.02', e: '37568041.26' });
  expect(planeText(111.6985, 29.0316, CHANGDE.zones[0]!)).toEqual({ n: '3212973.02', e: '568041.26' });
});
