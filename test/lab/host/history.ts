// `history` on a real journald: a VM starts under the installed hook, drifts and is healed, with both daemons under their own units;
// and what other users write under our names is not believed.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { finish, note, sh, test, until } from '../scenario.ts';
import { removeVm, startVm, tapsOf, vmXml } from '../vm.ts';

const VM = 'vyos-01';
const MAC = '52:54:00:00:00:01';
const RIGHT = '10 20 30 40 100* 110 120';
const DAEMONS = ['libvirt-vlan-exporter', 'libvirt-vlan-remediator'] as const;

interface Event {
  readonly at: string;
  readonly by: string;
  readonly kind: string;
  readonly vnet: string | null;
  readonly reasons: readonly string[];
  readonly before: string | null;
  readonly after: string | null;
}

const history = async (...args: readonly string[]): Promise<readonly Event[]> =>
  JSON.parse(await sh(`libvirt-vlan-exporter history --format json --since ${since()} ${args.join(' ')}`)).events;
const kinds = async () => (await history(VM)).map(({ by, kind }) => `${by} ${kind}`);

const begin = Date.now();
/** All of this scenario, and nothing of those that ran before. */
const since = () => `${Math.max(1, Math.floor((Date.now() - begin) / 1000))}s`;

await removeVm(VM);
await sh('libvirt-vlan-exporter hook install && systemctl reload libvirtd');
await sh(`systemctl start ${DAEMONS.join(' ')}`);

await test('a start is told, and then what its hook did', async () => {
  await sh('cat | virsh define /dev/stdin', { input: vmXml(VM, [{ mac: MAC }]) });
  await startVm(VM);
  await until('configured', 60_000, async () => (await kinds()).includes('hook configured'));
  const [started, configured] = (await history(VM)).filter(({ by }) => by === 'hook');
  assert.equal(started?.kind, 'started');
  assert.equal(configured?.kind, 'configured');
  assert.equal(configured?.after, RIGHT);
  assert.deepEqual([configured?.vnet], await tapsOf(VM));
});

await test('a drift is told with its reason, and after it that it was healed and is gone', async () => {
  const [tap = ''] = await tapsOf(VM);
  await sh('systemctl stop libvirt-vlan-remediator');
  await sh(`bridge vlan add vid 10 dev ${tap} pvid untagged`);
  await until('drifted', 60_000, async () => (await kinds()).includes('exporter drifted'));
  await sh('systemctl start libvirt-vlan-remediator');
  // Remediator and exporter look at the same moment: which of them writes first is chance.
  const { value: events } = await until('healed, and gone', 90_000, async () => {
    const all = await history(VM);
    const last = (kind: string) => all.findLastIndex((event) => event.kind === kind);
    const drifted = last('drifted');
    return last('configured') < drifted && drifted < Math.min(last('healed'), last('cleared')) && all;
  });
  const healed = events.find(({ kind }) => kind === 'healed');
  assert.deepEqual([healed?.vnet, healed?.after], [tap, RIGHT]);
  assert.ok(healed?.reasons.includes('pvid_wrong'));
  assert.ok(events.some(({ kind, reasons }) => kind === 'drifted' && reasons.includes('pvid_wrong')));
  const text = await sh(`libvirt-vlan-exporter history --since ${since()} ${VM}`);
  for (const line of text.split('\n')) note(line);
});

await test('of each entry journald tells the user, which is not root', async () => {
  for (const unit of DAEMONS) {
    const lines = await sh(
      `journalctl -o json --since @${Math.floor(begin / 1000)} --output-fields=_UID -t ${unit} LIBVIRT_VLAN_DOMAIN=${VM}`,
    );
    const entries = lines.split('\n').map((line) => JSON.parse(line));
    assert.ok(entries.every((entry) => entry._UID !== undefined && entry._UID !== '0'));
  }
});

await test('how often journald does not tell the unit of a logger that has ended', async () => {
  const write = 'for i in $(seq 50); do logger -t unit-known $i; done; sleep 1';
  await sh(`systemd-run --wait --quiet --unit=history-unit -p DynamicUser=yes bash -c '${write}'`);
  await sh('journalctl --sync');
  const all = await sh('journalctl -o cat -t unit-known | wc -l');
  const known = await sh('journalctl -o cat -t unit-known _SYSTEMD_UNIT=history-unit.service | wc -l');
  note(`${Number(all) - Number(known)} of ${all} entries are without their unit`);
  assert.equal(all, '50');
});

await test('what another user writes under our names is not told', async () => {
  const before = await history();
  for (const identifier of ['libvirt-hook', ...DAEMONS]) {
    const fields = ['MESSAGE=forged', `SYSLOG_IDENTIFIER=${identifier}`, `LIBVIRT_VLAN_DOMAIN=${VM}`];
    const more = ['LIBVIRT_VLAN_OUTCOME=verified', 'LIBVIRT_VLAN_OPERATION=start', 'LIBVIRT_VLAN_STATE=appeared'];
    const id = await sh(
      `journalctl -o json -n 1 -t libvirt-vlan-exporter LIBVIRT_VLAN_DOMAIN=${VM} --output-fields=MESSAGE_ID`,
    );
    const input = `${[...fields, ...more, `MESSAGE_ID=${JSON.parse(id).MESSAGE_ID}`].join('\n')}\n`;
    await sh('setpriv --reuid=nobody --regid=nogroup --clear-groups logger --journald', { input });
  }
  await until('the forged entries are in the journal', 10_000, async () => {
    const forged = await sh('journalctl --sync; journalctl -o cat _UID=65534 | grep -c forged; true');
    return Number(forged) >= 3;
  });
  assert.deepEqual(await history(), before);
});

await test('a VM that is gone has its history still', async () => {
  await removeVm(VM);
  const told = await kinds();
  for (const kind of ['hook started', 'hook configured', 'exporter drifted', 'remediator healed']) {
    assert.ok(told.includes(kind), kind);
  }
});

await test('without permission it says so, and exits 2', async () => {
  const answer = await sh(
    'setpriv --reuid=nobody --regid=nogroup --clear-groups libvirt-vlan-exporter history 2>&1; echo "status $?"',
  );
  assert.match(answer, /no permission to read the journal/);
  assert.match(answer, /status 2$/);
});

await sh(
  `systemctl stop ${DAEMONS.join(' ')}; libvirt-vlan-exporter hook uninstall; rm -rf /var/lib/private/libvirt-vlan-remediator`,
);
finish();
