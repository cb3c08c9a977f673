# An interactive zsh with the completion in the folder of $SCRIPT: Control-O writes all that is offered at the end of the line to
# $RESULT, and exits.
fpath=(${SCRIPT:h} $fpath)
autoload -Uz compinit && compinit -D -u
: >$RESULT

compadd() {
  # Completion functions also call it to filter words.
  if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
    local -a offered
    builtin compadd -O offered "$@"
    print -rl -- $offered >>$RESULT
  fi
  builtin compadd "$@"
}
zle -C offer list-choices _main_complete
result() {
  zle offer
  exit
}
zle -N result
bindkey '^O' result
