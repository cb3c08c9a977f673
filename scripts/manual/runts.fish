# Completion of runts for fish.

# What stands on the line before the cursor: the command, the number of its arguments so far, whether options have ended,
# and the value of --root; one on each line.
function __runts_line
    set -l command ''
    set -l count 0
    set -l ended ''
    set -l root ''
    set -l pending ''
    for word in (commandline -opc)[2..-1]
        if test -n "$pending"
            test "$pending" = root; and set root $word
            set pending ''
        else if test "$word" = --; and test -z "$ended"
            set ended yes
        else if string match -qr -- '^-.' $word; and test -z "$ended"
            set -l option (string match -r -- '^--?([^=]*)(=?)(.*)$' $word)
            if test "$option[3]" = =
                test "$option[2]" = root; and set root $option[4]
            else
                switch "$command $option[2]"
                    #valued#
                        set pending $option[2]
                end
            end
        else if test -z "$command"
            set command $word
            set ended ''
        else
            set count (math $count + 1)
            switch $command
                #stopping#
                    set ended yes
            end
        end
    end
    printf '%s\n' "$command" $count "$ended" "$root"
end

function __runts_at_command
    set -l line (__runts_line)
    test -z "$line[1]"
end

# __runts_at_argument COMMAND NUMBER
function __runts_at_argument
    set -l line (__runts_line)
    test "$line[1]" = "$argv[1]" -a "$line[2]" = "$argv[2]"
end

# __runts_in_options COMMAND: its options may stand here; '' for those before any command.
function __runts_in_options
    set -l line (__runts_line)
    test "$line[1]" = "$argv[1]" -a -z "$line[3]"
end

function __runts_containers
    set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
    set -l root (string replace -r '^~/' $HOME/ -- (__runts_line)[4])
    if test -n "$root"
        $program --root $root list --quiet 2>/dev/null
    else
        $program list --quiet 2>/dev/null
    end
end

complete -c runts -f
#entries#
