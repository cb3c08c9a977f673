# Completion of runts for bash.

# _runts_table [COMMAND]: what there is to know of it, in variables of _runts.
#   options    its options; NAME= takes a value: a path (@file, @directory), one of a list (a,b,c), or anything
#   arguments  what each argument is: @command, @container, @signal, or nothing that could be offered
#   stop       set when options end at the first argument
_runts_table() {
  options=() arguments=() stop=
  #tables#
}

# _runts_option WORD: sets name, and value to what follows the option's "=" in the table, or to "none".
_runts_option() {
  local option
  name=${1#-} name=${name#-} name=${name%%=*} value=none
  for option in "${options[@]}"; do
    [[ $option =~ ^--?"$name"(=(.*))?$ ]] || continue
    [[ -z ${BASH_REMATCH[1]} ]] || value=${BASH_REMATCH[2]}
    return
  done
}

# The word as a command would get it, as far as it goes without running anything of it.
_runts_plain() {
  plain=${1//[\"\'\\]/}
  [[ $plain != '~/'* ]] || plain=$HOME/${plain#'~/'}
}

_runts_containers() {
  local plain
  local -a call
  _runts_plain "${COMP_WORDS[0]}"
  call=("$plain")
  if [[ -n $root ]]; then
    _runts_plain "$root"
    call+=(--root "$plain")
  fi
  "${call[@]}" list --quiet 2>/dev/null
}

_runts() {
  local IFS=$' \t\n' word current kind commands signals stop name value i
  local command='' count=0 ended='' pending='' wanted='' root='' joined=''
  local -a options arguments line=()

  # To readline --format=json is three words; here it is one.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == =* && ${#line[@]} -gt 0 && ${line[-1]} == -* ]]; then
      line[-1]+=$word joined=1
    elif [[ -n $joined ]]; then
      line[-1]+=$word joined=''
    else
      line+=("$word")
    fi
  done
  current=${line[-1]}
  unset 'line[-1]'

  _runts_table
  for word in "${line[@]}"; do
    if [[ -n $pending ]]; then
      [[ $pending != root ]] || root=$word
      pending=''
    elif [[ $word == -- && -z $ended ]]; then
      ended=1
    elif [[ $word == -?* && -z $ended ]]; then
      _runts_option "$word"
      if [[ $word == *=* ]]; then
        [[ $name != root ]] || root=${word#*=}
      elif [[ $value != none ]]; then
        pending=$name wanted=$value
      fi
    elif [[ -z $command ]]; then
      command=$word ended=''
      _runts_table "$command"
    else
      ((++count))
      [[ -z $stop ]] || ended=1
    fi
  done

  if [[ -n $pending ]]; then
    kind=$wanted
  elif [[ $current == -* && -z $ended ]]; then
    if [[ $current == *=* ]]; then
      _runts_option "$current"
      kind=$value current=${current#*=}
    else
      kind=$(IFS=,; echo "${options[*]%%=*}")
    fi
  else
    kind=${arguments[count]-}
  fi

  case $kind in
    @file) compopt -o default && return ;;
    @directory) compopt -o dirnames && return ;;
    @command) kind=$commands ;;
    @container) kind=$(_runts_containers) ;;
    @signal) kind=$signals ;;
    none) kind='' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "${kind//,/ }" -- "$current")
}

complete -F _runts runts
