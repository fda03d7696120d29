// CHANGELOG.md (https://keepachangelog.com/en/1.1.0/) as a Debian changelog, deb-changelog(5). Pure.

export const MAINTAINER = 'libvirt-vlan-exporter maintainers <libvirt-vlan-exporter@localhost.localdomain>';

/** The Debian changelog: one entry for each released version. `current` is the version that is made, at `time` (seconds since the epoch). */
export function renderChangelog(markdown: string, current: string, time: number): string {
  const released = markdown.split(/^## /m).slice(1);
  const entries = released.flatMap((text): string[] => {
    const [, version, date] = /^\[?([^\]\s]+)\]?(?: - (\d{4}-\d{2}-\d{2}))?/.exec(text) ?? [];
    if (!version || version === 'Unreleased') return [];
    const when = date === undefined || version === current ? time * 1000 : Date.parse(`${date}T00:00:00Z`);
    const points = [...text.matchAll(/^- (.*(?:\n {2}.*)*)/gm)].map(([, point]) =>
      (point ?? '').replace(/\n {2}/g, ' '),
    );
    const lines = points.map((point) => `  * ${wrapped(point)}`);
    return [
      `libvirt-vlan-exporter (${version}) unstable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${MAINTAINER}  ${rfc2822(when)}\n`,
    ];
  });
  const first = entries[0] ?? '';
  if (!first.startsWith(`libvirt-vlan-exporter (${current}) `))
    throw new Error(`CHANGELOG.md does not begin with ${current}`);
  return entries.join('\n');
}

function rfc2822(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000');
}

function wrapped(words: string): string {
  return words.replace(/(.{1,72})(?:\s+|$)/g, (_, line) => `${line}\n    `).trimEnd();
}
