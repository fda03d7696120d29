import { expect, test } from 'vitest';
import { vidRange, vidsFrom } from '../../src/model/vlan.ts';
import { fdbDeviations, fdbNeed } from '../../src/policy/fdb.ts';
import { table } from '../support/policy.ts';

const MAC = '52:54:00:00:00:01';
const wanted = table('10 20*');

test('a port without any entry lacks one in each of its VLANs', () => {
  for (const fdb of [new Map(), new Map([['vnet1', new Map([['52:54:00:00:00:02', vidsFrom([vidRange(10)])]])]])]) {
    expect(fdbDeviations(fdb, 'vnet1', MAC, wanted, wanted)).toMatchObject([{ reason: 'fdb_missing' }]);
    expect(fdbNeed(fdb, 'vnet1', MAC, wanted, wanted)).toEqual({
      add: [vidRange(10), vidRange(20)],
      remove: [],
    });
  }
});
