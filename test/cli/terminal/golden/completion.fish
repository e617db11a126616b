# fish completion for lamplighter. Save it as ~/.config/fish/completions/lamplighter.fish
function __lamplighter_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    # Of a word with quotes fish itself finds what begins like it.
    set -l word $current
    string match -qr '["\'\\\\]' -- "$word"; and set word ''
    set -l lines (lamplighter complete -- $words "$word" 2>/dev/null)
    if contains -- :files $lines
        __fish_complete_path "$current"
        return
    end
    for line in $lines
        string replace -r '^(.*)  ' '$1\t' -- $line
    end
end
complete -c lamplighter -f -a '(__lamplighter_complete)'
