import { expect, test } from 'vitest';
import type { VnetReport } from '../../src/model/report.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { reportJson } from '../../src/report/json.ts';
import { bridge, EXAMPLE, report, vnet } from './example.ts';
import { GOOD, POLICY, snapshotOf, table, VLANS } from './page/fixture.ts';

const VMS = [{ name: 'vyos-01' }, { name: 'vyos-02', vlans: table(VLANS, 1) }];

test('the JSON of a report has the documented shape', () => {
  const json = reportJson(evaluate(snapshotOf([{ name: 'vyos-02', vlans: table(VLANS.slice(0, 2), 1) }]), POLICY));
  expect(JSON.parse(JSON.stringify(json))).toMatchInlineSnapshot(`
    {
      "bridges": [
        {
          "defaultPvid": 1,
          "expectedVnets": {
            "vyos-02": 1,
          },
          "findings": [
            {
              "actual": "PVID 1",
              "bridge": "br-mgmt",
              "domain": "vyos-02",
              "expected": "PVID 100",
              "reason": "pvid_wrong",
              "vnet": "vnet0",
            },
            {
              "actual": "without 30 40 100 110 120",
              "bridge": "br-mgmt",
              "domain": "vyos-02",
              "expected": "VLANs 10 20 30 40 100 110 120",
              "reason": "vlan_missing",
              "vnet": "vnet0",
            },
            {
              "actual": "also 1 untagged",
              "bridge": "br-mgmt",
              "domain": "vyos-02",
              "expected": "VLANs 10 20 30 40 100 110 120",
              "reason": "vlan_unexpected",
              "vnet": "vnet0",
            },
          ],
          "name": "br-mgmt",
          "orphanPorts": [],
          "present": true,
          "vlanFiltering": true,
          "vlanProtocol": null,
          "vnets": [
            {
              "actual": {
                "pvid": 1,
                "vlans": [
                  {
                    "first": 1,
                    "last": 1,
                    "pvid": true,
                    "untagged": true,
                  },
                  {
                    "first": 10,
                    "last": 10,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 20,
                    "last": 20,
                    "pvid": false,
                    "untagged": false,
                  },
                ],
              },
              "domain": "vyos-02",
              "expected": {
                "pvid": 100,
                "rule": "pvid100",
                "vlans": [
                  {
                    "first": 10,
                    "last": 10,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 20,
                    "last": 20,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 30,
                    "last": 30,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 40,
                    "last": 40,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 100,
                    "last": 100,
                    "pvid": true,
                    "untagged": true,
                  },
                  {
                    "first": 110,
                    "last": 110,
                    "pvid": false,
                    "untagged": false,
                  },
                  {
                    "first": 120,
                    "last": 120,
                    "pvid": false,
                    "untagged": false,
                  },
                ],
              },
              "findings": [
                {
                  "actual": "PVID 1",
                  "bridge": "br-mgmt",
                  "domain": "vyos-02",
                  "expected": "PVID 100",
                  "reason": "pvid_wrong",
                  "vnet": "vnet0",
                },
                {
                  "actual": "without 30 40 100 110 120",
                  "bridge": "br-mgmt",
                  "domain": "vyos-02",
                  "expected": "VLANs 10 20 30 40 100 110 120",
                  "reason": "vlan_missing",
                  "vnet": "vnet0",
                },
                {
                  "actual": "also 1 untagged",
                  "bridge": "br-mgmt",
                  "domain": "vyos-02",
                  "expected": "VLANs 10 20 30 40 100 110 120",
                  "reason": "vlan_unexpected",
                  "vnet": "vnet0",
                },
              ],
              "mac": "52:54:00:00:00:00",
              "missing": [
                {
                  "first": 30,
                  "last": 30,
                },
                {
                  "first": 40,
                  "last": 40,
                },
                {
                  "first": 100,
                  "last": 100,
                },
                {
                  "first": 110,
                  "last": 110,
                },
                {
                  "first": 120,
                  "last": 120,
                },
              ],
              "unexpected": [
                {
                  "first": 1,
                  "last": 1,
                },
              ],
              "untouchable": null,
              "uuid": null,
              "verdict": "drifted",
              "vnet": "vnet0",
            },
          ],
          "warnings": [],
        },
      ],
      "policySha256": "5f2d8c6b0a1e",
      "portless": [],
      "summary": {
        "bridges": 1,
        "compliant": 0,
        "drifted": 1,
        "findings": 3,
        "unknown": 0,
        "unknowns": 0,
        "vnets": 1,
      },
      "takenAt": "2026-11-24T21:45:27.000Z",
      "unknowns": [],
      "version": 2,
    }
  `);
});

test('each object has these keys and no others, also where nothing can be told', () => {
  const unread = bridge({
    vnets: [vnet({ domain: 'a', vnet: 'vnet0', uuid: undefined, actual: undefined, target: undefined })],
    warnings: [
      { kind: 'mac_shared', domain: 'a', vnet: undefined, text: 'two have it' },
      { kind: 'uplink_is_vnet', domain: 'a', vnet: 'vnet0', text: 'it is' },
    ],
  });
  const json = reportJson({
    ...EXAMPLE,
    bridges: [unread, bridge({ present: undefined, vlanFiltering: undefined, defaultPvid: undefined })],
    unknowns: [{ kind: 'vlans', name: undefined, problem: 'no' }],
    portless: [{ domain: 'a', mac: '', kind: 'user', target: undefined, device: undefined }],
  });
  const [first, second] = json.bridges;
  const keys = (value: unknown) => Object.keys(JSON.parse(JSON.stringify(value))).join(' ');
  expect(
    [json, first, second, first?.vnets[0], first?.warnings[0], json.unknowns[0], json.portless[0]].map(keys),
  ).toEqual([
    'version takenAt policySha256 summary unknowns bridges portless',
    'name present vlanFiltering defaultPvid vlanProtocol orphanPorts expectedVnets findings warnings vnets',
    'name present vlanFiltering defaultPvid vlanProtocol orphanPorts expectedVnets findings warnings vnets',
    'domain uuid vnet mac verdict expected actual missing unexpected findings untouchable',
    'kind domain vnet text',
    'kind name problem',
    'domain mac kind target device',
  ]);
  expect(first?.warnings.map((warning) => warning.vnet)).toEqual([null, 'vnet0']);
});

test('what is unknown is null, never left out', () => {
  const snapshot = { ...snapshotOf(VMS), vlans: { ok: false as const, error: 'no' } };
  const [bridge] = reportJson(evaluate(snapshot, POLICY)).bridges;
  expect(bridge?.vnets[0]).toMatchObject({ verdict: 'unknown', actual: null });
});

test('verdicts add up', () => {
  const { summary } = reportJson(evaluate(snapshotOf([...VMS, { name: 'x', vlans: GOOD }]), POLICY));
  expect(summary).toMatchObject({ vnets: 3, compliant: 2, drifted: 1, unknown: 0 });
});

test('an interface that is no port of a bridge has null where there is nothing', () => {
  const it = { domain: 'a', mac: '52:54:00:00:00:01', kind: 'macvtap', target: 'macvtap0', device: 'br0' };
  const bare = { ...it, target: undefined, device: undefined };
  expect(reportJson({ ...EXAMPLE, portless: [it, bare] }).portless).toEqual([
    it,
    { ...it, target: null, device: null },
  ]);
});

test('what cannot be told is null: what a vnet should have, and what it lacks', () => {
  const undecided = { reason: 'intent_invalid', expected: 'a', actual: 'b' } as const;
  const shared = { domain: 'a', vnet: 'vnet1' };
  const vnets = [
    vnet({ ...shared, expected: { rule: 'libvirt', table: table([10], 10), undecided } }),
    vnet({ ...shared, actual: undefined, verdict: 'unknown' }),
  ];
  const json = reportJson({ ...EXAMPLE, bridges: [bridge({ vnets })] });
  expect(json.bridges[0]?.vnets).toMatchObject([
    { expected: { rule: 'libvirt', pvid: null, vlans: null }, missing: null, unexpected: null },
    { expected: { rule: 'pvid100', pvid: 100 }, actual: null, missing: null, unexpected: null },
  ]);
});

test('a vnet of a bridge that does not filter, or of which that is unknown, is told as one that nobody changes', () => {
  const untouchable = (vlanFiltering: boolean | undefined, part: Partial<VnetReport> = {}) => {
    const vnets = [vnet({ domain: 'a', vnet: 'vnet0', ...part })];
    return reportJson(report(bridge({ vlanFiltering, vnets }))).bridges[0]?.vnets[0]?.untouchable;
  };
  expect(untouchable(true)).toBeNull();
  expect(untouchable(true, { untouchable: { reason: 'uplink', text: 'x' } })).toEqual({ reason: 'uplink', text: 'x' });
  expect(untouchable(false)).toMatchObject({
    reason: 'filtering_off',
    text: expect.stringMatching(/^br-mgmt enforces no/),
  });
  expect(untouchable(undefined)).toMatchObject({ reason: 'unknown' });
});
