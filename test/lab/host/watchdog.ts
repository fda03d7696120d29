// Both daemons under their units for longer than systemd's watchdog waits, with the shipped schedule and one that has nights: they
// are fed. One that stands still is ended, and started again. The shipped watchdog waits three minutes, this one ten seconds: each is fed
// when half of the time is over.
// lab-timeout: 1200
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { finish, note, sh, test, until } from '../scenario.ts';

const UNITS = ['libvirt-vlan-exporter', 'libvirt-vlan-remediator'];
const CONFIG = '/etc/libvirt-vlan-exporter/config.yml';

const show = (unit: string, property: string) => sh(`systemctl show -p ${property} --value ${unit}`);

async function outlive(seconds: number): Promise<void> {
  const before = await Promise.all(UNITS.map((unit) => show(unit, 'MainPID')));
  await setTimeout(seconds * 1000);
  for (const [i, unit] of UNITS.entries()) {
    assert.equal(await show(unit, 'ActiveState'), 'active', unit);
    assert.equal(await show(unit, 'MainPID'), before[i], unit);
    assert.equal(await show(unit, 'NRestarts'), '0', unit);
  }
}

/** Settings of both units on top of the shipped ones, until `undo`. */
async function dropIn(settings: string): Promise<void> {
  for (const unit of UNITS) {
    mkdirSync(`/run/systemd/system/${unit}.service.d`, { recursive: true });
    writeFileSync(`/run/systemd/system/${unit}.service.d/lab.conf`, `[Service]\n${settings}\n`);
  }
  await sh('systemctl daemon-reload');
}

await test('the units that are shipped have a watchdog', async () => {
  await sh(`systemctl start ${UNITS.join(' ')}`);
  const waits = await Promise.all(UNITS.map((unit) => show(unit, 'WatchdogUSec')));
  note(`WatchdogSec: ${waits.join(', ')}`);
  for (const wait of waits) assert.equal(wait, '3min');
});

await test('with the shipped schedule both outlive the watchdog many times', async () => {
  await dropIn('WatchdogSec=10');
  await sh(`systemctl restart ${UNITS.join(' ')}`);
  await outlive(65);
});

await test('with a schedule that rests now, both outlive it many times', async () => {
  copyFileSync(CONFIG, `${CONFIG}.shipped`);
  const hour = (Number(await sh('date -u +%H')) + 12) % 24;
  const shipped = readFileSync(CONFIG, 'utf8').replace(/^schedule: .*\n/m, '');
  writeFileSync(CONFIG, `${shipped}schedule: "0 */10 ${hour} * * *"\n`);
  await sh(`systemctl restart ${UNITS.join(' ')}`);
  await outlive(40);
});

await test('one that stands still is ended by the watchdog and started again', async () => {
  const [unit = ''] = UNITS;
  const pid = await show(unit, 'MainPID');
  process.kill(Number(pid), 'SIGSTOP');
  const { ms } = await until('another process', 60_000, async () => {
    const now = await show(unit, 'MainPID');
    return now !== '0' && now !== pid;
  });
  note(`stopped to started again: ${Math.round(ms / 1000)} s`);
  await until('ready', 180_000, async () => (await show(unit, 'ActiveState')) === 'active');
});

await sh(`systemctl stop ${UNITS.join(' ')}`);
for (const unit of UNITS) rmSync(`/run/systemd/system/${unit}.service.d`, { recursive: true, force: true });
renameSync(`${CONFIG}.shipped`, CONFIG);
await sh('systemctl daemon-reload');
finish();
