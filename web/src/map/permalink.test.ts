import { expect, test } from 'vitest';
import { readLink, writeLink, type Link } from './permalink';

test('a link comes back as it was written', () => {
  const link: Link = {
    camera: { zoom: 14.25, lat: 29.0316, lon: 111.6985 },
    style: 'dark',
    hidden: ['cadastre.parcel', 'pipeline.line'],
    lang: 'en',
    gk: '4525',
  };
  expect(writeLink(link)).toBe('#map=14.25/29.03160/111.69850&style=dark&hide=cadastre.parcel,pipeline.line&lang=en&gk=4525');
  expect(readLink(writeLink(link))).toEqual(link);
});

test('a link without hidden layers shows them all', () => {
  expect(readLink('#map=10/29/111').hidden).toEqual([]);
  expect(readLink('#lang=en').hidden).toBeUndefined();
});

test.each([
  ['#map=99/29/111', {}],
  ['#map=10/NaN/111', {}],
  ['#map=10/29', {}],
  ['#style=../../etc', {}],
  ['#lang=fr&gk=x', {}],
  ['#gk=zone', { gk: 'zone' }],
  ['#hide=<script>,water.area', { hidden: ['water.area'] }],
  ['', {}],
])('%s is read with care', (hash, expected) => {
  expect(readLink(hash)).toEqual(expected);
});
