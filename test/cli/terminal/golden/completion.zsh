#compdef lamplighter
# zsh completion for lamplighter. Save it as _lamplighter in a folder of $fpath, or: source <(lamplighter completion zsh)
_lamplighter() {
  local -a candidates
  local line value text
  for line in "${(@f)$(lamplighter complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ":files" ]]; then
      _files
      return
    fi
    [[ -z $line ]] && continue
    value=${line%%  *}
    text=${line#*  }
    [[ $line == *"  "* ]] || text=""
    candidates+=("${value//:/\\:}:$text")
  done
  _describe -V 'lamplighter' candidates
}
if [[ ${funcstack[1]-} == _lamplighter ]]; then
  _lamplighter "$@"
else
  compdef _lamplighter lamplighter
fi
