# A server that sends the bytes of files, for irregular.sh. Its connections are persistent.
#
#   perl irregular.pl ADDRESS PORT DIRECTORY
#
# The response to GET /NAME is the content of DIRECTORY/NAME, then, in another segment, that of
# NAME.later, if it exists. If NAME.end exists, the connection is closed then. Prints a line for
# each request: the number of the connection, from 1, and NAME.
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

# returns true if the connection must be closed
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
        my $ended = !sysread $peer, $rest{$peer}, 65536, length $rest{$peer};
        $ended ||= respond($peer, $1)
            while !$ended && $rest{$peer} =~ s{\AGET /?(\S+) .*?\r\n\r\n}{}s;
        next unless $ended;
        $select->remove($peer);
        delete $number{$peer};
        delete $rest{$peer};
        close $peer;
    }
}
