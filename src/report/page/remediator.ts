// Section "Remediator": whether it runs, what it holds or gave up on, and what it did last.
import { PAUSE_FILE } from '../../model/remediator-paths.ts';
import { type Decision, isHolding, type RemediatorStatus, type RemediatorView } from '../../model/remediator-status.ts';
import { type Html, html } from '../html.ts';
import { count, HELD } from '../words.ts';
import { type Filter, matches, searchText } from './filter.ts';
import { fold } from './fold.ts';
import type { PageInput } from './input.ts';
import { age, duration } from './time.ts';

/** At the head of the page: what is held counts as drift, and waits for somebody. */
export function renderWaiting({ remediator: view }: PageInput): Html {
  if (view.kind !== 'current' || !isHolding(view.status)) return html``;
  return html`<p class="notice"><a href="#remediator">${whatIsHeld(view.status)} held back</a>: a change waits for an operator.</p>`;
}

export function renderRemediator({ remediator, now }: PageInput, filter: Filter): Html {
  return html`<section id="remediator" aria-labelledby="remediator-h">
<h2 id="remediator-h">Remediator</h2>
${renderView(remediator, now, filter)}
</section>`;
}

function renderView(view: RemediatorView, now: number, filter: Filter): Html {
  switch (view.kind) {
    case 'absent':
      return html`<p class="quiet">Does not run on this host: drift is shown, not healed.</p>`;
    case 'unreadable':
      return html`<p class="bad">Its status could not be read: ${view.problem}</p>`;
    case 'stale':
      return html`<p class="hold"><b>It seems to be down</b>: its last word is ${age(view.status.lastCycleAt, now)}. Look at <code>systemctl status libvirt-vlan-remediator</code>.</p>
${renderStatus(view.status, now, filter)}`;
    case 'current':
      return renderStatus(view.status, now, filter);
  }
}

function renderStatus(status: RemediatorStatus, now: number, filter: Filter): Html {
  const heals = status.domains.reduce((n, domain) => n + domain.remediations, 0);
  const failures = status.domains.reduce((n, domain) => n + domain.failures, 0);
  const suspended = status.domains.filter((domain) => domain.suspendedSince !== undefined);
  return html`<p class="facts">last cycle ${age(status.lastCycleAt, now)} · ${count(heals, 'heal')} verified · ${
    failures > 0 ? html`<span class="bad">${failures} failed</span>` : '0 failed'
  } · started ${age(status.startedAt, now)}</p>
${status.paused && html`<p class="hold"><b>Paused.</b> Nothing is healed until <code>${PAUSE_FILE}</code> is removed.</p>`}
${status.dryRun && html`<p class="hold"><b>Dry run.</b> It decides and logs, and changes nothing.</p>`}
${suspended.map(
  ({ domain, bridge, suspendedSince, suspendedBecause }) =>
    html`<p class="hold"><b>Suspended: ${domain} on ${bridge}</b>, ${age(suspendedSince ?? 0, now)}. ${
      suspendedBecause === 'failing'
        ? 'Its heals fail: the decisions below say why.'
        : 'It drifts again after each heal: something else sets its VLANs.'
    }</p>`,
)}
${isHolding(status) && renderHeld(status)}
${renderRefusals(status)}
${renderDecisions(status.recent, now, filter)}`;
}

function whatIsHeld({ held }: RemediatorStatus): string {
  return held.length > 0 ? count(held.length, 'vnet') : 'A policy is';
}

function renderHeld(status: RemediatorStatus): Html {
  const { held, heldProblem } = status;
  const rows = held.map(
    ({ bridge, domain, vnet, changes }) =>
      html`<li id="held/${bridge}/${vnet}"><b>${domain}</b> ${vnet} ${changes.map((change) => html`<code>${change}</code> `)}</li>\n`,
  );
  return html`<div class="hold"><p><b>${whatIsHeld(status)} held back</b>: ${heldProblem ?? HELD}. What it is: <code>libvirt-vlan-exporter plan</code></p>
${held.length > 0 && fold('held-more', rows, 'vnet')}</div>`;
}

function renderRefusals({ refusals }: RemediatorStatus): Html {
  if (refusals.length === 0) return html``;
  const rows = refusals.map(
    ({ bridge, domain, vnet, reason, text }) =>
      html`<li><b>${domain ?? vnet ?? bridge}</b> ${domain && vnet} ${reason}: ${text}</li>\n`,
  );
  return html`<h3>Left alone</h3>
${fold('refusals-more', rows, 'refusal')}`;
}

function renderDecisions(recent: readonly Decision[], now: number, filter: Filter): Html {
  const rows = recent.flatMap((decision) => renderDecision(decision, now, filter));
  if (rows.length === 0) return html``;
  return html`<h3>Newest decisions</h3>
${fold('decisions-more', rows, 'decision')}`;
}

function renderDecision(decision: Decision, now: number, filter: Filter): Html | [] {
  const { at, bridge, domain, vnet, outcome, before, after, commands, problem, durationMs } = decision;
  const text = searchText([domain, vnet, bridge, outcome]);
  if (!matches(text, filter)) return [];
  const words = outcome.replace('_', ' ');
  return html`<li data-q="${text}" id="d/${at}/${vnet}"><details id="dd/${at}/${vnet}"><summary><b>${domain}</b> ${vnet} <span class="outcome ${outcome}">${words}</span>${
    durationMs !== undefined && html` in ${duration(durationMs)},`
  } ${age(at, now)}${problem !== undefined && html` <span class="bad">${problem}</span>`}</summary>
<p>On ${bridge}, trigger ${decision.trigger}. VLANs before: <code>${before}</code>, after: <code>${after}</code></p>
<p class="cmds">${commands.map((command) => html`<code>${command}</code> `)}</p></details></li>
`;
}
