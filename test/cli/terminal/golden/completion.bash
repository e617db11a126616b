# bash completion for lamplighter. Put it where bash-completion looks, or: source <(lamplighter completion bash)
_lamplighter() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("$(printf '%q' "${line%%  *}")")
  done < <(lamplighter complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # What stands before the last = or : is no part of the word for bash.
  local word=${COMP_WORDS[COMP_CWORD]} i
  for i in "${!COMPREPLY[@]}"; do
    [[ $word == *=* ]] && COMPREPLY[i]=${COMPREPLY[i]#"${word%%=*}="}
  done
  [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _lamplighter lamplighter
