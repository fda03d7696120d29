// Changes to the shipped files, so that a test does not wait for minutes.
import { replaced } from './monitoring.ts';

/**
 * Shipped: scrapes and evaluations every 15 s, two or four minutes of keep_firing_for, and a minute between the notifications of a group.
 * `for` stays as shipped, 30 s. What keep_firing_for is worth is shown by promtool, in rules.test.ts.
 */
export const inHurry = (interval: string) => ({
  'prometheus.example.yml': (text: string) => replaced(text, '_interval: 15s', `_interval: ${interval}`),
  'libvirt-vlan.rules.yml': (text: string) =>
    ['2m', '4m'].reduce((rules, time) => replaced(rules, `keep_firing_for: ${time}`, 'keep_firing_for: 5s'), text),
  'alertmanager.example.yml': (text: string) => replaced(text, 'group_interval: 1m', 'group_interval: 2s'),
});
