import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { type Demo, type DemoOptions, startDemo } from '../../../src/apps/demo/demo.ts';

const ANY = { host: '127.0.0.1', port: 0 };
let demo: Demo;
afterEach(() => demo.stop());

async function start(options: Partial<DemoOptions> = {}) {
  const told: string[] = [];
  demo = await startDemo({
    webConfigFile: undefined,
    addresses: [ANY],
    configFile: undefined,
    vms: 40,
    seed: 1,
    driftEveryMs: undefined,
    restarts: false,
    healAfterMs: undefined,
    control: ANY,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: console.error },
    tell: (what) => told.push(what),
    ...options,
  });
  return told;
}

const metrics = async () => (await fetch(`${demo.urls[0]}metrics`)).text();
const order = async (path: string, method = 'POST') => {
  const response = await fetch(`${demo.controlUrl}/${path}`, { method });
  return { status: response.status, text: await response.text() };
};
const until = (line: RegExp) => vi.waitFor(async () => expect(await metrics()).toMatch(line), { timeout: 20_000 });
const pvidOf = (domain: string, value: number) =>
  new RegExp(`^libvirt_vlan_vnet_pvid_correct{.*"${domain}".*} ${value}$`, 'm');

test('the demo begins with 40 VMs, all compliant, their hook runs counted', async () => {
  await start();
  await until(/^libvirt_vlan_bridge_vnets_compliant{bridge="br-mgmt"} 45$/m);
  await until(/^libvirt_vlan_hook_runs_total{domain="vyos-01"} 1$/m);
  expect(await metrics()).toMatch(/^libvirt_vlan_hook_installed 1$/m);
});

test('a PVID broken on demand shows, and stays without the remediator until it is put right', async () => {
  const told = await start();
  await until(pvidOf('vyos-01', 1));
  expect(await order('break-pvid?domain=vyos-01')).toMatchObject({ status: 200 });
  await until(pvidOf('vyos-01', 0));
  expect(await metrics()).toMatch(/^libvirt_vlan_remediator_up 0$/m);
  await order('repair?domain=vyos-01');
  await until(pvidOf('vyos-01', 1));
  expect(told).toHaveLength(2);
});

test('with the remediator a drift is healed and counted, and not while it is paused', async () => {
  await start({ healAfterMs: 10 });
  await until(/^libvirt_vlan_remediator_up 1$/m);
  await order('wipe?domain=ise-01');
  await until(/^libvirt_vlan_remediations_total{.*"ise-01".*} 1$/m);
  await until(pvidOf('ise-01', 1));
  await order('pause');
  await order('wipe?domain=ise-02');
  await until(pvidOf('ise-02', 0));
  await order('resume');
  await until(pvidOf('ise-02', 1));
});

test('a reload by HTTP is one of the remediator, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'config.yml');
  const write = (pvid: number) =>
    writeFileSync(
      configFile,
      `bridges: { br0: { vlans: [], pvid: 1, rules: [{ name: a, domains: [vyos-01], pvid: ${pvid} }] } }\n`,
    );
  write(7);
  await start({ healAfterMs: 10, configFile });
  await until(pvidOf('vyos-01', 1));
  await until(/^libvirt_vlan_remediator_up 1$/m);
  write(8);
  expect((await fetch(`${demo.urls[0]}-/reload`, { method: 'POST' })).status).toBe(200);
  await until(/^libvirt_vlan_vnet_pvid{.*"vyos-01".*} 8$/m);
});

test('drifts come by themselves, the same with the same seed', async () => {
  const first = await start({ driftEveryMs: 5, seed: 7 });
  await vi.waitFor(() => expect(first.length).toBeGreaterThan(5), { timeout: 20_000 });
  await demo.stop();
  const second = await start({ driftEveryMs: 5, seed: 7 });
  await vi.waitFor(() => expect(second.length).toBeGreaterThan(5), { timeout: 20_000 });
  expect(second.slice(0, 5)).toEqual(first.slice(0, 5));
});

test('a VM that is stopped takes its series with it', async () => {
  await start();
  await until(pvidOf('vyos-02', 1));
  await order('stop?domain=vyos-02');
  // A change before the watchers run is seen when they are up, a second later.
  await vi.waitFor(async () => expect(await metrics()).not.toMatch(/vnet_info{.*"vyos-02"/), { timeout: 20_000 });
});

const findings = (reason: string, value: number) =>
  new RegExp(`^libvirt_vlan_bridge_findings{bridge="br-mgmt",reason="${reason}"} ${value}$`, 'm');

test('sources that contradict each other, and metadata that makes no sense, show until somebody takes them back', async () => {
  await start({ healAfterMs: 10 });
  await order('contradict?domain=vyos-01');
  await order('misask?domain=web-01');
  await until(findings('intent_conflict', 1));
  await until(findings('intent_invalid', 2)); // it has two interfaces
  await order('agree?domain=vyos-01');
  await order('agree?domain=web-01');
  await until(findings('intent_conflict', 0));
  await until(pvidOf('vyos-01', 1));
  await until(/^libvirt_vlan_bridge_vnets_compliant{bridge="br-mgmt"} 45$/m);
});

test('FDB entries that somebody deletes are missed, and put back where it heals', async () => {
  await start({ healAfterMs: 10 });
  await order('pause');
  expect(await order('lose-fdb?domain=vyos-01')).toMatchObject({ status: 400 });
  expect(await order('lose-fdb?domain=ipsk-manager')).toMatchObject({ status: 200 });
  await order('wipe?domain=vyos-02'); // the kernel tells nobody of its FDB: an audit has another cause
  await until(findings('fdb_missing', 1));
  await order('resume');
  await until(/^libvirt_vlan_remediations_total{domain="ipsk-manager".*} 1$/m);
  await order('wipe?domain=vyos-02');
  await until(findings('fdb_missing', 0));
});

test('the host’s own rows are told, and stay as they are', async () => {
  await start({ healAfterMs: 10 });
  await order('cut-off-host');
  await until(findings('host_vlan_missing', 1));
  await order('reconnect-host');
  await until(findings('host_vlan_missing', 0));
});

test('an order that cannot be followed is refused with a reason', async () => {
  await start();
  expect(await order('break-pvid?domain=nobody')).toMatchObject({
    status: 400,
    text: expect.stringContaining('nobody'),
  });
  expect(await order('constructor')).toMatchObject({ status: 404 });
  expect(await order('wipe', 'GET')).toMatchObject({ status: 405 });
});
