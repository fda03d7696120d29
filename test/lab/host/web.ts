// The samples of systemd/examples as a user puts them in place: the key as a credential of a user that does not exist, sockets that
// systemd holds, metrics without a daemon.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { selfSigned } from '../certificate.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

const EXAMPLES = '/usr/share/doc/libvirt-vlan-exporter/examples/systemd';
const UNITS = '/etc/systemd/system';
const UNIT = 'libvirt-vlan-exporter';
const DEFAULTS = `/etc/default/${UNIT}`;
const CREDENTIALS = readFileSync(`${EXAMPLES}/credentials.conf`, 'utf8');
const WEB = '/etc/libvirt-vlan-exporter/web.yml';
const [CERT = '', KEY = ''] = [...CREDENTIALS.matchAll(/^LoadCredential=\S+?:(.*)$/gm)].map(([, path]) => path);
const TEXTFILE = '/var/lib/prometheus/node-exporter/libvirt-vlan.prom';

const unit = (property: string, name = UNIT) => sh(`systemctl show -p ${property} --value ${name}`);
const journal = () =>
  sh(`journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value ${UNIT})`);
/** The exporter's metrics; rejects where there is no answer or another than 200. */
const scraped = (how: string) => sh(`curl -sS --fail --max-time 20 ${how}`);
const overTls = (more = '') => scraped(`--cacert ${CERT} ${more} https://localhost:19177/metrics`);

/** Starts a unit; rejects with its journal where it fails. */
const start = (name: string) =>
  sh(`systemctl start ${name} || { journalctl -q -n 20 -o short-monotonic -u ${name} >&2; exit 1; }`);

function renew(serial: number): void {
  const { cert, key } = selfSigned(serial);
  for (const file of [CERT, KEY]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(CERT, cert);
  writeFileSync(KEY, key, { mode: 0o600 });
}

const defaults = readFileSync(DEFAULTS, 'utf8');
const say = (args: string) => writeFileSync(DEFAULTS, `${defaults}ARGS="${args}"\n`);

await test('systemd-analyze verify has nothing to say about any sample', async () => {
  for (const name of readdirSync(EXAMPLES).filter((file) => /\.(service|socket|timer)$/.test(file)))
    copyFileSync(`${EXAMPLES}/${name}`, `${UNITS}/${name}`);
  mkdirSync(`${UNITS}/${UNIT}.service.d`);
  writeFileSync(`${UNITS}/${UNIT}.service.d/credentials.conf`, CREDENTIALS);
  renew(1);
  await sh('systemctl daemon-reload');
  const names = [`${UNIT}.service`, `${UNIT}.socket`, 'libvirt-vlan-metrics.service', 'libvirt-vlan-metrics.timer'];
  assert.equal(await sh(`systemd-analyze verify --man=no ${names.join(' ')} 2>&1`), '');
});

await test('the key of root alone reaches the exporter, which has a user that does not exist, and HTTPS is served', async () => {
  // What the sample says of web.yml and of the arguments, to the letter.
  const said = [...CREDENTIALS.matchAll(/^# {3}(.*)$/gm)].map(([, line]) => line).join('\n');
  writeFileSync(WEB, `${said}\n`);
  say(/^# .*ARGS="(.*)"$/m.exec(CREDENTIALS)?.[1] ?? '');
  await start(UNIT);
  assert.match(await overTls(), /^libvirt_vlan_tls_certificate_expiry_timestamp_seconds \d+/m);
  await assert.rejects(scraped('http://localhost:19177/metrics'));
  const uid = statSync(`/proc/${await unit('MainPID')}`).uid;
  assert.ok(uid >= 61184 && uid <= 65519, `uid ${uid}`);
  assert.equal(statSync(KEY).mode & 0o777, 0o600);
  const log = await journal();
  assert.doesNotMatch(log, /everybody|warn/);
});

await test('without a socket of systemd, --web.systemd-socket ends with what to do', async () => {
  say(`--web.systemd-socket --web.config.file=${WEB}`);
  await sh(`systemctl stop ${UNIT}`);
  await assert.rejects(sh(`systemctl start ${UNIT}`));
  assert.match(await journal(), /systemd handed over no socket; start the service by its \.socket unit/);
  await sh(`systemctl stop ${UNIT}; systemctl reset-failed ${UNIT}`);
});

await test('the sample .socket hands over each of its sockets', async () => {
  await sh(`systemctl enable --now ${UNIT}.socket && systemctl start ${UNIT}`);
  const rights = statSync('/run/libvirt-vlan-exporter.sock');
  assert.equal(rights.mode & 0o777, 0o660);
  const bodies = [
    await overTls('-4'),
    await overTls('-6'),
    await overTls('--unix-socket /run/libvirt-vlan-exporter.sock'),
  ];
  for (const body of bodies) assert.match(body, /^libvirt_vlan_build_info/m);
});

await test('while the exporter is restarted with a renewed certificate, a scrape waits and is not refused', async () => {
  const before = await unit('MainPID');
  const expiry = async () =>
    sh(`curl -sS --cacert ${CERT} -o /dev/null -w '%{ssl_verify_result}' https://localhost:19177/`);
  renew(2);
  // The copy is the former certificate: curl, which trusts the new one alone, says so.
  await assert.rejects(expiry());
  const restarted = sh(`systemctl restart ${UNIT}`);
  await until('it has ended', 20_000, async () => (await unit('MainPID')) !== before, 10);
  const start = performance.now();
  assert.match(await overTls(), /^libvirt_vlan_build_info/m);
  note(`a scrape at the moment of a restart took ${Math.round(performance.now() - start)} ms`);
  await restarted;
  assert.notEqual(await unit('MainPID'), before);
});

await test('it is started by who connects', async () => {
  await sh(`systemctl stop ${UNIT}.service`);
  assert.match(await overTls('--unix-socket /run/libvirt-vlan-exporter.sock'), /^libvirt_vlan_build_info/m);
  // It answers before it has told systemd that it is ready.
  await until('active', 60_000, async () => (await unit('ActiveState')) === 'active');
});

await test('the metrics service writes the textfile as a whole, and leaves nothing beside it', async () => {
  mkdirSync('/var/lib/prometheus/node-exporter', { recursive: true });
  await start('libvirt-vlan-metrics.service');
  const first = readFileSync(TEXTFILE, 'utf8');
  assert.match(first, /^libvirt_vlan_bridge_present\{bridge="br-mgmt"\} 1$/m);
  assert.equal(statSync(TEXTFILE).mode & 0o777, 0o644);
  const { ino } = statSync(TEXTFILE);
  // Who reads all the while sees the one or the other, whole.
  const lines = first.split('\n').length;
  const sizes = new Set<number>();
  const writes = sh('systemctl start libvirt-vlan-metrics.service');
  let done = false;
  void writes.finally(() => (done = true));
  let reads = 0;
  while (!done) {
    sizes.add(readFileSync(TEXTFILE, 'utf8').split('\n').length);
    reads++;
    await new Promise(setImmediate);
  }
  await writes;
  note(`${reads} reads while it was written anew`);
  assert.deepEqual([...sizes], [lines]);
  assert.notEqual(statSync(TEXTFILE).ino, ino);
  assert.deepEqual(readdirSync('/var/lib/prometheus/node-exporter'), ['libvirt-vlan.prom']);
});

await test('the timer writes it again and again', async () => {
  const writtenAt = () => statSync(TEXTFILE).mtimeMs;
  let last = writtenAt();
  await sh('systemctl enable --now libvirt-vlan-metrics.timer');
  for (let i = 0; i < 2; i++) {
    const { ms } = await until('another one', 60_000, () => writtenAt() > last);
    note(`written again after ${(ms / 1000).toFixed(1)} s`);
    last = writtenAt();
  }
  await sh('systemctl disable --now libvirt-vlan-metrics.timer');
});

await test('with a config that is refused the metrics service fails, and the textfile before stays', async () => {
  const before = readFileSync(TEXTFILE, 'utf8');
  await sh(
    'cp /etc/libvirt-vlan-exporter/config.yml /root/config.yml && echo "no: key" >> /etc/libvirt-vlan-exporter/config.yml',
  );
  await assert.rejects(sh('systemctl start libvirt-vlan-metrics.service'));
  assert.equal(await unit('ExecMainStatus', 'libvirt-vlan-metrics.service'), '2');
  await sh(
    'mv /root/config.yml /etc/libvirt-vlan-exporter/config.yml; systemctl reset-failed libvirt-vlan-metrics.service',
  );
  assert.equal(readFileSync(TEXTFILE, 'utf8'), before);
});

await sh(`systemctl disable --now ${UNIT}.socket; systemctl stop ${UNIT}`);
for (const name of [
  `${UNIT}.socket`,
  'libvirt-vlan-metrics.service',
  'libvirt-vlan-metrics.timer',
  `${UNIT}.service.d`,
])
  rmSync(`${UNITS}/${name}`, { recursive: true, force: true });
for (const file of [WEB, CERT, KEY, '/var/lib/prometheus/node-exporter', '/run/libvirt-vlan-exporter.sock'])
  rmSync(file, { recursive: true, force: true });
writeFileSync(DEFAULTS, defaults);
await sh('systemctl daemon-reload');
finish();
