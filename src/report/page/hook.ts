// Section "Hook": what the journal says of the libvirt hook since boot.
import type { DomainHookStats } from '../../model/hook-stats.ts';
import { shellWord } from '../../model/shell.ts';
import { type Html, html } from '../html.ts';
import { count, idOf, thousands } from '../words.ts';
import { type Filter, matches, searchText } from './filter.ts';
import { fold } from './fold.ts';
import type { PageInput } from './input.ts';
import { age } from './time.ts';

export function renderHook({ hook, now }: PageInput, filter: Filter): Html {
  return html`<section id="hook" aria-labelledby="hook-h">
<h2 id="hook-h">Hook</h2>
${hook ? renderView(hook, now, filter) : html`<p class="quiet">The journal is not read.</p>`}
</section>`;
}

function renderView(hook: NonNullable<PageInput['hook']>, now: number, filter: Filter): Html {
  const installed = { true: 'installed', false: 'not installed', undefined: 'cannot tell whether it is installed' };
  return html`<p class="facts"><span class="${hook.installed === false ? 'bad' : ''}">${installed[`${hook.installed}`]}</span>${
    hook.stats.ok
      ? html`${facts([...hook.stats.value.byDomain.values()]).map((fact) => html` · ${fact}`)}${suppressed(hook.stats.value.suppressed)}`
      : html` · <span class="bad">the journal could not be read: ${hook.stats.error}</span>`
  }</p>
${hook.stats.ok && renderDomains(hook.stats.value.byDomain, now, filter)}`;
}

function suppressed(entries: number): Html {
  if (entries === 0) return html``;
  return html` · <span class="bad">journald suppressed ${entries === 1 ? 'one entry' : `${thousands(entries)} entries`}: errors may be missing</span>`;
}

function facts(all: readonly DomainHookStats[]): readonly string[] {
  const sum = (key: 'runs' | 'errors' | 'warnings') => all.reduce((n, stats) => n + stats[key], 0);
  const [runs, errors, warnings] = [sum('runs'), sum('errors'), sum('warnings')];
  return [count(runs, 'run'), count(errors, 'error'), `${count(warnings, 'warning')} since boot`];
}

// Domains whose hook failed, the newest failure first, then those with warnings alone.
function renderDomains(byDomain: ReadonlyMap<string, DomainHookStats>, now: number, filter: Filter): Html {
  const rows = [...byDomain]
    .filter(([domain, { errors, warnings }]) => errors + warnings > 0 && matches(searchText([domain]), filter))
    .sort(([, a], [, b]) => (b.lastError?.at ?? 0) - (a.lastError?.at ?? 0));
  if (rows.length === 0) return html``;
  return fold(
    'hook-more',
    rows.map(([domain, stats]) => renderDomain(domain, stats, now)),
    'domain',
  );
}

function renderDomain(domain: string, { errors, warnings, lastError }: DomainHookStats, now: number): Html {
  // This project's hook has the VM in its identifier, the original in a field of its own.
  const ours = shellWord(`SYSLOG_IDENTIFIER=libvirt-hook[${domain}]`);
  const original = `SYSLOG_IDENTIFIER=libvirt-hook ${shellWord(`SYSLOG_PID=${domain}`)}`;
  return html`<li data-q="${searchText([domain])}" id="${idOf('h', domain)}"><p><b>${domain}</b> ${
    errors > 0 && html`<span class="bad">${count(errors, 'error')}</span> `
  }${count(warnings, 'warning')} ${lastError && age(lastError.at, now)}</p>
${lastError && html`<p class="said">${lastError.text}</p>`}
<p class="cmds"><code>journalctl -b ${ours} + ${original}</code></p></li>
`;
}
