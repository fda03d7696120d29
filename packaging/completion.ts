// Completion for bash, zsh and fish, from what src/cli declares. Domains are completed by the names of libvirt's files. Pure.
import type { DeclaredCommand, DeclaredOption } from './declared.ts';

const PROGRAM = 'libvirt-vlan-exporter';
/** Live and persistent XML, as src/host reads them. */
const DOMAIN_FOLDERS = ['/run/libvirt/qemu', '/etc/libvirt/qemu'];
/** What stands for a file in --help. */
const FILES: readonly string[] = ['path', 'file', 'snapshot'];

/** For /usr/share/bash-completion/completions. */
export function renderBash(program: DeclaredCommand): string {
  const branches = everyCommand(program).map((command) => {
    const words = [...command.commands.map((child) => child.path.at(-1)), ...command.options.map(({ name }) => name)];
    const kind = argumentKind(command);
    return `    ${quote(command.path.join(' '))}) words=${quote(words.join(' '))} kind=${kind} ;;`;
  });
  // The same name may take other words after another command.
  const values = everyCommand(program).flatMap((command) =>
    command.options.flatMap((option) => {
      const action =
        option.choices.length > 0
          ? `_lve_words ${quote(option.choices.join(' '))} && return`
          : isFile(option)
            ? 'compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return'
            : 'return';
      return option.value === undefined
        ? []
        : [`    ${quote(`${command.path.join(' ')} ${option.name}`)}) ${action} ;;`];
    }),
  );
  const paths = everyCommand(program)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(path.join(' ')));
  return `# bash completion of ${PROGRAM}

_lve_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

# By the names of libvirt's files: any characters but a slash.
_lve_domains() {
  local file name
  local -A seen=()
  for file in ${DOMAIN_FOLDERS.map((folder) => `${folder}/*.xml`).join(' ')}; do
    name=\${file##*/} name=\${name%.xml}
    [[ -e $file && $name == "$cur"* && -z \${seen[$name]-} ]] && COMPREPLY+=("$(printf %q "$name")")
    seen[$name]=x
  done
}

_libvirt_vlan_exporter() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} path='' words='' kind='' i
  COMPREPLY=()
  # bash takes --option=value apart.
  if [[ $cur == = ]]; then cur='' && prev=\${COMP_WORDS[COMP_CWORD - 1]}; fi
  if [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
    ${paths.join(' | ')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${values.join('\n')}
  esac
  case $path in
${branches.join('\n')}
  esac
  _lve_words "$words"
  [[ $cur != -* ]] || return
  case $kind in
    domain) _lve_domains ;;
    file) compopt -o filenames && mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
  esac
}

complete -F _libvirt_vlan_exporter ${PROGRAM}
`;
}

/** For /usr/share/zsh/vendor-completions. */
export function renderZsh(program: DeclaredCommand): string {
  const functions = everyCommand(program).map((command) => {
    const options = command.options.map((option) => `    ${quote(zshOption(option))}`);
    const name = `_${[PROGRAM, ...command.path].join('-')}`;
    if (command.commands.length === 0) {
      const action = { domain: `'*:domain:_${PROGRAM}-domains'`, file: "'*:file:_files'", none: '' }[
        argumentKind(command)
      ];
      const lines = [...options, ...(action ? [`    ${action}`] : [])];
      return `${name}() {\n  _arguments \\\n${lines.join(' \\\n')}\n}`;
    }
    const words = command.commands.map((child) => `    ${quote(`${child.path.at(-1)}:${firstLine(child)}`)}`);
    const branches = command.commands.map((child) => `    ${child.path.at(-1)}) ${name}-${child.path.at(-1)} ;;`);
    return `${name}() {
  local curcontext=$curcontext state line
  local -a commands=(
${words.join('\n')}
  )
  _arguments -C \\
${[...options, "    '1:command:->command'", "    '*::argument:->argument'"].join(' \\\n')}
  case $state in
  command) _describe command commands ;;
  argument)
    case $line[1] in
${branches.join('\n')}
    esac ;;
  esac
}`;
  });
  return `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}

# By the names of libvirt's files.
_${PROGRAM}-domains() {
  local -a names=(${DOMAIN_FOLDERS.map((folder) => `${folder}/*.xml(N:t:r)`).join(' ')})
  compadd -- "\${(@u)names}"
}

${functions.join('\n\n')}

_${PROGRAM} "$@"
`;
}

/** For /usr/share/fish/vendor_completions.d. */
export function renderFish(program: DeclaredCommand): string {
  const commands = everyCommand(program);
  const groups = commands.filter((command) => command.commands.length > 0);
  const lines = commands.flatMap((command) => {
    const when = fishCondition(command, groups);
    const options = command.options.map(
      (option) =>
        `complete -c ${PROGRAM} -n ${quote(when)} -l ${option.name.slice(2)}${fishValue(option)} -d ${quote(option.description)}`,
    );
    const children = command.commands.map(
      (child) => `complete -c ${PROGRAM} -n ${quote(when)} -f -a ${child.path.at(-1)} -d ${quote(firstLine(child))}`,
    );
    const kind = argumentKind(command);
    const words =
      kind === 'domain'
        ? [`complete -c ${PROGRAM} -n ${quote(when)} -f -a '(__lve_domains)'`]
        : kind === 'file'
          ? [`complete -c ${PROGRAM} -n ${quote(when)} -F`]
          : [];
    return [...children, ...options, ...words];
  });
  return `# fish completion of ${PROGRAM}

# By the names of libvirt's files.
function __lve_domains
    for file in ${DOMAIN_FOLDERS.map((folder) => `${folder}/*.xml`).join(' ')}
        string replace -r '.*/(.*)\\.xml$' '$1' -- $file
    end
end

complete -c ${PROGRAM} -f
${lines.join('\n')}
`;
}

function everyCommand(command: DeclaredCommand): readonly DeclaredCommand[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function argumentKind({ arguments: words }: DeclaredCommand): 'domain' | 'file' | 'none' {
  const names = words.map(({ name }) => name);
  return names.includes('domain') ? 'domain' : names.includes('file') ? 'file' : 'none';
}

function isFile({ value }: DeclaredOption): boolean {
  return value !== undefined && FILES.includes(value);
}

function zshOption(option: DeclaredOption): string {
  const { name, value, choices, description } = option;
  const what = description.replace(/[[\]:\\]/g, '\\$&');
  if (value === undefined) return `${name}[${what}]`;
  const action = choices.length > 0 ? `(${choices.join(' ')})` : isFile(option) ? '_files' : ' ';
  return `${name}=[${what}]:${value}:${action}`;
}

function fishValue(option: DeclaredOption): string {
  const { value, choices } = option;
  if (value === undefined) return '';
  if (choices.length > 0) return ` -x -a ${quote(choices.join(' '))}`;
  return isFile(option) ? ' -r -F' : ' -x';
}

// The command's own words were typed, none of those below it, and none above another of the same name, as `config check` is of `check`.
function fishCondition({ path, commands }: DeclaredCommand, groups: readonly DeclaredCommand[]): string {
  const below = commands.flatMap((child) => child.path.slice(-1));
  const elsewhere = groups.flatMap((group) => group.path.slice(-1)).filter((word) => !path.includes(word));
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const others = [...new Set([...below, ...elsewhere])].join(' ');
  return [...seen, ...(others ? [`not __fish_seen_subcommand_from ${others}`] : [])].join('; and ');
}

function firstLine(command: DeclaredCommand): string {
  return command.description.split('\n')[0] ?? '';
}

// For all three shells. Fish alone reads a backslash in single quotes, before a quote or a backslash only: there is none here.
function quote(words: string): string {
  return `'${words.replaceAll("'", `'"'"'`)}'`;
}
