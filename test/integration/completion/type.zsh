# type.zsh LINE: types it on a terminal of zsh, with .zshrc of this folder, and waits for the end.
zmodload zsh/zpty
zpty terminal "ZDOTDIR=${(q)0:a:h} TERM=dumb zsh --no-global-rcs -i"
zpty -w -n terminal "$1"$'\x0f'
while zpty -r terminal screen; do :; done
