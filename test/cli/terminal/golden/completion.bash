# bash completion for lamplighter. Put it where bash-completion looks, or: source <(lamplighter completion bash)
_lamplighter() {
  local line typed="${COMP_LINE:0:COMP_POINT}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("$line")
  done < <(lamplighter complete --breaks "${COMP_WORDBREAKS-}" --line "${typed:-${COMP_WORDS[*]}}" 2>/dev/null)
  [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _lamplighter lamplighter
