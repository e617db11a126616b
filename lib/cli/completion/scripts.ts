export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell runs to complete `lamplighter`: it asks the program itself, which answers with a candidate a line, two spaces
 * and what it is; or with ":files".
 */
export const completionScripts: { readonly [shell in Shell]: string } = {
  bash: `# bash completion for lamplighter. Put it where bash-completion looks, or: source <(lamplighter completion bash)
_lamplighter() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("$(printf '%q' "\${line%%  *}")")
  done < <(lamplighter complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # What stands before the last = or : is no part of the word for bash.
  local word=\${COMP_WORDS[COMP_CWORD]} i
  for i in "\${!COMPREPLY[@]}"; do
    [[ $word == *=* ]] && COMPREPLY[i]=\${COMPREPLY[i]#"\${word%%=*}="}
  done
  [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _lamplighter lamplighter
`,
  zsh: `#compdef lamplighter
# zsh completion for lamplighter. Save it as _lamplighter in a folder of $fpath, or: source <(lamplighter completion zsh)
_lamplighter() {
  local -a candidates
  local line value text
  for line in "\${(@f)$(lamplighter complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ":files" ]]; then
      _files
      return
    fi
    [[ -z $line ]] && continue
    value=\${line%%  *}
    text=\${line#*  }
    [[ $line == *"  "* ]] || text=""
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
    set -l lines (lamplighter complete -- $words "$current" 2>/dev/null)
    if contains -- :files $lines
        __fish_complete_path "$current"
        return
    end
    for line in $lines
        string replace -r '  ' \\t -- $line
    end
end
complete -c lamplighter -f -a '(__lamplighter_complete)'
`,
};
