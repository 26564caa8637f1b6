#!/bin/bash
# The form of README.md, CONTRIBUTING.md and docs/: relative links and anchors resolve, code blocks
# have at most 80 columns, except the last line of a race; README.md has at most 150 lines, and
# docs/README.md lists every page.
. "$(dirname "$0")/lib.bash"

cd "$E2E/../.." || exit 1
pages=()
for page in README.md CONTRIBUTING.md docs/*.md docs/internals/*.md; do
    [ ! -e "$page" ] || pages+=("$page")
done

# A heading's anchor is that of GitHub: lower case, without punctuation, and with a number if the
# page has the same anchor already. Text in code blocks and between backticks contains no links.
perl -CS -e '
    use utf8;
    my (%anchors, @links, $count);
    for my $page (@ARGV) {
        my ($inside, %seen) = (0);
        open my $in, "<:encoding(UTF-8)", $page or die "$page: $!\n";
        while (<$in>) {
            if (/^ *```/) { $inside = !$inside; next }
            next if $inside || /^    /;
            if (/^#+ +(.*?) *$/) {
                my $anchor = lc $1;
                $anchor =~ s/[^\w\- ]//g;
                $anchor =~ s/ /-/g;
                my $again = $seen{$anchor}++;
                $anchors{$page}{$again ? "$anchor-$again" : $anchor} = 1;
            }
            s/(`+).*?\1/code/g;
            push @links, [$page, $1] while /\]\(<?([^)\s>]+)/g;
        }
    }
    for (@links) {
        my ($page, $link) = @$_;
        next if $link =~ /^[a-z]+:/;
        $count++;
        my ($file, $anchor) = split /#/, $link, 2;
        my ($folder) = $page =~ m{^(.*/)?};
        my $to = $file eq "" ? $page : ($folder // "") . $file;
        1 while $to =~ s{(^|/)(?!\.\.?/)[^/]+/\.\./}{$1};
        if (!-e $to) { print "$page: $link: there is no $to\n" }
        elsif (defined $anchor && $anchors{$to} && !$anchors{$to}{$anchor}) {
            print "$page: $link: no such heading\n";
        }
    }
    print STDERR $count;
' "${pages[@]}" >"$TMPDIR/dead" 2>"$TMPDIR/count"
same "every link has an existing file and heading" "" "$(cat "$TMPDIR/dead")"
check "the pages have links" test "$(cat "$TMPDIR/count")" -gt 20

same "code blocks have at most 80 columns, except a line of race" "" "$(perl -CSD -ne '
    $inside = 0 if $. == 1;
    if (/^ *```/) { $inside = !$inside; next }
    chomp;
    print "$ARGV:$.\n" if $inside && length > 80 && !/^[0-9.]+x faster; /;
} continue {
    close ARGV if eof' "${pages[@]}")"
check "README.md has at most 150 lines" test "$(wc -l <README.md)" -le 150

for page in docs/*.md docs/internals/*.md; do
    [ "$page" = docs/README.md ] || grep -qF "(${page#docs/})" docs/README.md || echo "$page"
done >"$TMPDIR/unlisted"
same "docs/README.md lists every page" "" "$(cat "$TMPDIR/unlisted")"
check "docs/README.md has at most 40 lines" test "$(wc -l <docs/README.md)" -le 40
