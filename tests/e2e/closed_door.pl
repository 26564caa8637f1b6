# A server whose queue of connections is full, so that the kernel drops whoever else comes; for
# bench_figures.sh. With SIGUSR1 it accepts, and responds to every request of every connection.
#
#   perl closed_door.pl ADDRESS PORT      prints "full" when it is
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($address, $port) = @ARGV;
my ($open, @fill) = 0;
$SIG{USR1} = sub { $open = 1 };
my $listener = IO::Socket::INET->new(
    LocalAddr => $address, LocalPort => $port, Listen => 1, ReuseAddr => 1) or die "$@\n";
while (my $one = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Timeout => 0.3)) {
    push @fill, $one;
}
$| = 1;
print "full\n";
select undef, undef, undef, 0.01 until $open;

my $ready = IO::Select->new($listener);
my %head;
for (;;) {
    for my $one ($ready->can_read) {
        if ($one == $listener) {
            $ready->add(scalar $listener->accept);
        } elsif (!sysread $one, $head{$one}, 65536, length($head{$one} //= '')) {
            delete $head{$one};
            $ready->remove($one);
            close $one;
        } else {
            syswrite $one, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" while $head{$one} =~ s/^.*?\r\n\r\n//s;
        }
    }
}
