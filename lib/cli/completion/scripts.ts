export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell runs to complete `lamplighter`: it asks the program itself, which answers with a candidate a line, two spaces
 * and what it is; or with ":files".
 */
export const completionScripts: { readonly [shell in Shell]: string } = {
  bash: `# bash completion for lamplighter. Put it where bash-completion looks, or: source <(lamplighter completion bash)
_lamplighter() {
  local line typed="\${COMP_LINE:0:COMP_POINT}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("$line")
  done < <(lamplighter complete --breaks "\${COMP_WORDBREAKS-}" --line "\${typed:-\${COMP_WORDS[*]}}" 2>/dev/null)
  [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _lamplighter lamplighter
`,
  zsh: `#compdef lamplighter
# zsh completion for lamplighter. Save it as _lamplighter in a folder of $fpath, or: source <(lamplighter completion zsh)
_lamplighter() {
  local -a candidates
  local line value text word=\${(Q)words[CURRENT]}
  # Of a word with quotes zsh itself finds what begins like it.
  [[ $word == *[\\"\\']* ]] && word=""
  for line in "\${(@f)$(lamplighter complete -- "\${(@Q)words[2,CURRENT-1]}" "$word" 2>/dev/null)}"; do
    if [[ $line == ":files" ]]; then
      _files
      return
    fi
    [[ -z $line ]] && continue
    value=\${line%  *}
    text=\${line##*  }
    [[ $line == *"  "* ]] || text=""
    value=\${value//\\\\/\\\\\\\\}
    candidates+=("\${value//:/\\\\:}:$text")
  done
  _describe -V 'lamplighter' candidates
}
if [[ \${funcstack[1]-} == _lamplighter ]]; then
  _lamplighter "$@"
else
  compdef _lamplighter lamplighter
fi
`,
  fish: `# fish completion for lamplighter. Save it as ~/.config/fish/completions/lamplighter.fish
function __lamplighter_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    # Of a word with quotes fish itself finds what begins like it.
    set -l word $current
    string match -qr '["\\'\\\\\\\\]' -- "$word"; and set word ''
    set -l lines (lamplighter complete -- $words "$word" 2>/dev/null)
    if contains -- :files $lines
        __fish_complete_path "$current"
        return
    end
    for line in $lines
        string replace -r '^(.*)  ' '$1\\t' -- $line
    end
end
complete -c lamplighter -f -a '(__lamplighter_complete)'
`,
};
