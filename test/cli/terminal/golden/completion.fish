# fish completion for lamplighter. Save it as ~/.config/fish/completions/lamplighter.fish
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
        string replace -r '  ' \t -- $line
    end
end
complete -c lamplighter -f -a '(__lamplighter_complete)'
