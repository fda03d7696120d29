// The netlink sockets under the very units: both daemons ask the kernel by them, no link event starts a stopped service, and on the
// exporter's descriptor, with its privileges, nothing can be changed.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { scrape, value } from '../metrics.ts';
import { finish, sh, test, until } from '../scenario.ts';

const UNITS = ['libvirt-vlan-exporter', 'libvirt-vlan-remediator'] as const;
const TAP = 'hostnl0';
const TRY = '/usr/local/bin/try-change.pl';

const states = (names: readonly string[]) => sh(`systemctl is-active ${names.join(' ')} || true`);
const tables = () => sh(`bridge -j -compressvlans vlan show dev ${TAP}`);

await sh(`ip tuntap add ${TAP} mode tap && ip link set ${TAP} master br-mgmt up`);

await test('both daemons are handed a socket and ask the kernel by it', async () => {
  await sh(`systemctl start ${UNITS.join(' ')}`);
  const sockets = UNITS.map((unit) => `${unit}-rtnl.socket`);
  assert.equal(await states(sockets), 'active\nactive');
  for (const unit of UNITS)
    await until(`${unit} says so`, 60_000, async () =>
      (await sh(`journalctl -o cat -u ${unit}`)).includes('the kernel is asked by netlink'),
    );
  const samples = await scrape();
  assert.deepEqual(
    ['netlink', 'iproute2'].map((via) => value(samples, 'kernel_interface', { via })),
    [1, 0],
  );
});

await test('a stopped service is not started by what happens to links', async () => {
  await sh(`systemctl stop ${UNITS.join(' ')}`);
  for (let i = 0; i < 20; i += 1) await sh(`ip link set ${TAP} nomaster && ip link set ${TAP} master br-mgmt`);
  assert.equal(await states(UNITS), 'inactive\ninactive');
});

await test('on its descriptor the remediator may change VLANs, and the exporter may not', async () => {
  const index = readFileSync(`/sys/class/net/${TAP}/ifindex`, 'utf8').trim();
  // RTM_SETLINK with VLAN 10 and NLM_F_ACK; the answer's errno.
  writeFileSync(
    TRY,
    `open(my $rtnl, '+<&=', 3) or die "no descriptor: $!";
my $request = pack('LSSLL CCSlLL SSSSSS', 44, 19, 5, 7, 0, 7, 0, 0, ${index}, 0, 0, 12, 0x801a, 8, 2, 0, 10);
syswrite($rtnl, $request) or die "write: $!";
sysread($rtnl, my $answer, 4096) or die "read: $!";
print "errno ", -unpack('x16 l', $answer), "\\n";
`,
  );
  const before = await tables();
  for (const [unit, errno] of [
    [UNITS[0], 1],
    [UNITS[1], 0],
  ] as const) {
    const folder = `/run/systemd/system/${unit}.service.d`;
    mkdirSync(folder, { recursive: true });
    const lines = [
      '[Service]',
      'Type=exec',
      'Restart=no',
      'WatchdogSec=0',
      'ExecStart=',
      `ExecStart=/usr/bin/perl ${TRY}`,
    ];
    writeFileSync(`${folder}/try.conf`, `${lines.join('\n')}\n`);
    await sh(`systemctl daemon-reload && systemctl start ${unit}`);
    const { value: said } = await until(`${unit} to try`, 60_000, async () =>
      /^errno (\d+)$/m.exec(await sh(`journalctl -o cat -u ${unit}`)),
    );
    assert.equal(Number(said?.[1]), errno, unit);
    rmSync(folder, { recursive: true });
    if (errno === 1) assert.equal(await tables(), before);
    else assert.match(await tables(), /"vlan":10[,}]/);
  }
  await sh('systemctl daemon-reload');
});

await sh(`ip link del ${TAP}`);
finish();
