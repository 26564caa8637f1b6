# A server that sends what a file holds, byte for byte, for irregular.sh; it keeps its connections.
#
#   perl irregular.pl ADDRESS PORT DIRECTORY     DIRECTORY/NAME for GET /NAME, then what NAME.later holds,
#                                                in a segment of its own; NAME.end: closes
#
# Prints a line for each request: the connection's number, from 1, and NAME.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my ($address, $port, $directory) = @ARGV;
my $listener = IO::Socket::INET->new(
    LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "$@\n";
my $select = IO::Select->new($listener);
my (%number, %rest, $connections);
$| = 1;
$SIG{PIPE} = 'IGNORE';

sub content {
    my ($name) = @_;
    open my $from, '<:raw', "$directory/$name" or return;
    local $/;
    return scalar <$from>;
}

# true: the connection is to be closed
sub respond {
    my ($peer, $name) = @_;
    print "$number{$peer} $name\n";
    syswrite $peer, content($name) // "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    my $later = content("$name.later");
    syswrite $peer, $later if defined $later;
    return -e "$directory/$name.end";
}

while (1) {
    for my $peer ($select->can_read) {
        if ($peer == $listener) {
            my $new = $listener->accept or next;
            setsockopt $new, IPPROTO_TCP, TCP_NODELAY, 1;
            $number{$new} = ++$connections;
            $rest{$new} = '';
            $select->add($new);
            next;
        }
        my $over = !sysread $peer, $rest{$peer}, 65536, length $rest{$peer};
        $over ||= respond($peer, $1)
            while !$over && $rest{$peer} =~ s{\AGET /?(\S+) .*?\r\n\r\n}{}s;
        next unless $over;
        $select->remove($peer);
        delete $number{$peer};
        delete $rest{$peer};
        close $peer;
    }
}
