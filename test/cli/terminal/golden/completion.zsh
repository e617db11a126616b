#compdef lamplighter
# zsh completion for lamplighter. Save it as _lamplighter in a folder of $fpath, or: source <(lamplighter completion zsh)
_lamplighter() {
  local -a candidates
  local line value text word=${(Q)words[CURRENT]}
  # Of a word with quotes zsh itself finds what begins like it.
  [[ $word == *[\"\']* ]] && word=""
  for line in "${(@f)$(lamplighter complete -- "${(@Q)words[2,CURRENT-1]}" "$word" 2>/dev/null)}"; do
    if [[ $line == ":files" ]]; then
      _files
      return
    fi
    [[ -z $line ]] && continue
    value=${line%  *}
    text=${line##*  }
    [[ $line == *"  "* ]] || text=""
    value=${value//\\/\\\\}
    candidates+=("${value//:/\\:}:$text")
  done
  _describe -V 'lamplighter' candidates
}
if [[ ${funcstack[1]-} == _lamplighter ]]; then
  _lamplighter "$@"
else
  compdef _lamplighter lamplighter
fi
