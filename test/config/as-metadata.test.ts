// What `config infer --as metadata` prints for a domain whose metadata says something already.
import { expect, test } from 'vitest';
import { inferMetadata } from '../../src/config/as-metadata.ts';
import type { Domain, Interface, Metadata, MetadataElement } from '../../src/model/snapshot.ts';
import { bridgePolicy, policy, rule } from '../support/policy.ts';

const MAC = (n: number) => `52:54:00:00:00:0${n}`;

function nic(n: number, change: Partial<Interface> = {}): Interface {
  return { mac: MAC(n), target: `vnet${n}`, bridge: 'br0', skipped: undefined, ...change };
}

function domain(interfaces: readonly Interface[], metadata?: Metadata): Domain {
  return { name: 'web', uuid: undefined, state: 'running', interfaces, metadata };
}

/** <interfaces> with an <interface> of these attributes each. */
function metadata(...entries: readonly Record<string, string>[]): Metadata {
  const children = entries.map((entry) => element('interface', Object.entries(entry)));
  return { elements: [{ ...element('interfaces', []), children }] };
}

function element(name: string, attributes: MetadataElement['attributes']): MetadataElement {
  return { name, attributes, children: [], text: '' };
}

const PVID_50 = rule({ name: 'web', domains: ['web'], mac: MAC(1), vlans: [], pvid: 50 });
const OURS = `<interface mac="${MAC(1)}" vlans="" pvid="50"/>`;

/** The printed element, with the rule for the interface 1, and what was left out. */
function printed(of: Domain, under = policy(bridgePolicy({ rules: [PVID_50] }))) {
  const { commands, leftOut } = inferMetadata(under, [of]);
  return { elements: commands.map((command) => /--set '<interfaces>(.*)<\/interfaces>'/.exec(command)?.[1]), leftOut };
}

test('what the metadata says of interfaces that no rule names is kept, as it is; what a rule names is as the rule says', () => {
  const said = metadata(
    { mac: MAC(2), pvid: '30' },
    { mac: MAC(1), pvid: '7' },
    { mac: MAC(9), vlans: '10-12 20', pvid: 'none' },
    { vlans: '' },
  );
  const kept = `<interface mac="${MAC(2)}" pvid="30"/><interface mac="${MAC(9)}" vlans="10-12, 20" pvid="none"/>`;
  expect(printed(domain([nic(1), nic(2)], metadata({ mac: MAC(2), pvid: '30' })))).toEqual({
    elements: [`${OURS}<interface mac="${MAC(2)}" pvid="30"/>`],
    leftOut: [],
  });
  expect(printed(domain([nic(1), nic(2)], said))).toEqual({
    elements: [`${OURS}${kept}<interface vlans=""/>`],
    leftOut: [],
  });
});

test('metadata that is not understood is not written over: the domain is left out, and why', () => {
  const left = (said: Metadata) => printed(domain([nic(1), nic(2)], said));
  expect(left(metadata({ mac: MAC(2), pvid: '30', note: 'x' }))).toEqual({
    elements: [],
    leftOut: [
      'web: its metadata is not understood, and would be lost: <interface>: note; expected the attributes mac, vlans, pvid and nothing else; mend or remove it first',
    ],
  });
  expect(left({ problem: 'cannot be read as XML' }).leftOut).toEqual([
    expect.stringContaining('<metadata>: cannot be read as XML'),
  ]);
  const unnamed = domain([nic(2)], metadata({ pvid: 'x' }));
  expect(printed(unnamed)).toEqual({ elements: [], leftOut: [] });
});
