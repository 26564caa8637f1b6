# An HTTP/2 server that breaks the rules of RFC 9113, for http2.sh. It writes frames by hand.
#
#   perl frames.pl ADDRESS PORT SCENARIO [STREAMS]
#
# It waits until STREAMS requests (default: 3) are open on a connection, and sends the frames of the
# scenario, in which stream 3 is the one that fails. Later requests, also on other connections, get
# a good response at once; in a scenario "always-..." each request gets its frames. PORT 0: one
# connection on standard input and output, for a TLS server that passes the bytes on. On standard
# error, it prints a line for each request, GOAWAY and RST_STREAM that it receives.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my ($address, $port, $name, $streams) = @ARGV;
$streams //= 3;
my %type = (DATA => 0, HEADERS => 1, PRIORITY => 2, RST_STREAM => 3, SETTINGS => 4,
    PUSH_PROMISE => 5, PING => 6, GOAWAY => 7, WINDOW_UPDATE => 8, CONTINUATION => 9,
    ALTSVC => 10, UNKNOWN => 0xbb);
use constant {END_STREAM => 1, ACK => 1, END_HEADERS => 4, PADDED => 8};

# --- frames ---

sub frame {
    my ($kind, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type{$kind}, $flags, $stream)
        . $payload;
}

# a length with a prefix of seven bits (RFC 7541, section 5.1)
sub hpack_text {
    my ($text) = @_;
    my $left = length $text;
    return chr($left) . $text if $left < 127;
    my $length = chr 127;
    for ($left -= 127; $left >= 128; $left >>= 7) { $length .= chr($left & 127 | 128) }
    return $length . chr($left) . $text;
}

# literals without indexing and Huffman coding
sub fields {
    my $block = '';
    while (my ($field, $value) = splice @_, 0, 2) {
        $block .= "\0" . hpack_text($field) . hpack_text($value);
    }
    return $block;
}

sub head { my ($id, $flags, @fields) = @_; frame('HEADERS', END_HEADERS | $flags, $id,
    fields(@fields)) }
sub ok { head($_[0], 0, ':status', 200) }
sub data { my ($id, $text, $flags) = @_; frame('DATA', $flags // 0, $id, $text) }
sub good { my ($id) = @_; ok($id) . data($id, "good $id", END_STREAM) }
sub reset_stream { frame('RST_STREAM', 0, $_[0], pack('N', $_[1])) }
sub goaway {
    my ($last, $code, $text) = @_;
    return frame('GOAWAY', 0, 0, pack('NN', $last, $code) . $text);
}
sub setting { frame('SETTINGS', 0, 0, pack('nN', @_)) }
sub window { frame('WINDOW_UPDATE', 0, $_[0], pack('N', $_[1])) }

# the response of stream 3 with these fields, between good responses
sub among { my ($bytes) = @_; good(1) . $bytes . good(5) }
sub fields_of_3 { among(head(3, 0, @_) . data(3, 'bad', END_STREAM)) }
# half of the response of each stream, then what ends the connection
sub break { my ($bytes) = @_; ok(1) . data(1, 'half') . ok(3) . ok(5) . $bytes }
sub flood { my ($bytes) = @_; break($bytes x 1100) }

# A table entry of 4,000 bytes, then a byte for each use of it: 16 MB of fields in one frame.
sub bomb {
    my $block = fields(':status', 200) . "\x40" . hpack_text('x') . hpack_text('b' x 4000);
    return frame('HEADERS', END_HEADERS, 3, $block . "\xbe" x 4000);
}

my %scenarios = (
    good => sub { good(1) . good(3) . good(5) },
    # the end of a stream
    'reset-in-body' => sub { among(ok(3) . data(3, 'half') . reset_stream(3, 0)) },
    'reset-after-end' => sub { among(good(3) . reset_stream(3, 0)) },
    'reset-internal' => sub { among(reset_stream(3, 2)) },
    'reset-unknown' => sub { among(ok(3) . reset_stream(3, 0xbad)) },
    'refused-in-body' => sub { among(ok(3) . data(3, 'half') . reset_stream(3, 7)) },
    'always-silent-from-3' => sub { $_[0] < 3 ? good($_[0]) : '' },
    'silent' => sub { among('') },
    'reset-calm' => sub { among(reset_stream(3, 11)) },
    # errors of the connection
    'frame-too-large' => sub { break(data(3, 'x' x 20000)) },
    'bad-padding' => sub { break(data(3, "\xffabc", PADDED)) },
    'window-overflow' => sub { break(window(0, 0x7fffffff) x 2) },
    'window-zero' => sub { break(window(0, 0)) },
    'push' => sub {
        break(frame('PUSH_PROMISE', END_HEADERS, 3, pack('N', 2) . fields(':method', 'GET'))) },
    'enable-push' => sub { break(setting(2, 1)) },
    'data-on-idle-stream' => sub { break(data(99, 'x')) },
    'bad-hpack' => sub { break(frame('HEADERS', END_HEADERS, 3, "\xff\xff\xff\xff\xff\xff\xff")) },
    'goaway-text' => sub { goaway(0x7fffffff, 11, "slow\e[31m\r\ndown\xff\xc3") . "\0close" },
    # floods
    'pings' => sub { flood(frame('PING', 0, 0, '12345678')) },
    'settings' => sub { flood(frame('SETTINGS', 0, 0, '')) },
    'empty-data' => sub { flood(data(3, '')) },
    'padding-alone' => sub { flood(data(3, "\1\0", PADDED)) },
    'window-updates' => sub { flood(window(0, 1)) },
    'priorities' => sub { flood(frame('PRIORITY', 0, 3, pack('NC', 0, 1))) },
    'resets' => sub { good(5) . break(reset_stream(5, 0) x 1100) },
    'continuations' => sub {
        break(frame('HEADERS', 0, 3, '') . frame('CONTINUATION', 0, 3, '') x 1100) },
    'hpack-bomb' => sub { among(bomb()) },
    'large-fields' => sub {
        among(join '', map { head(3, 0, ':status', 103, 'x', 'y' x 9000) } 1 .. 31) },
    'interims' => sub { among(head(3, 0, ':status', 103) x 20000) },
    # GOAWAY
    'graceful' => sub {
        goaway(0x7fffffff, 0, '') . good(1) . goaway(5, 0, '') . good(3) . good(5) },
    'goaway-after-response' => sub {
        good(1) . head(3, END_STREAM, ':status', 204) . good(5) . goaway(5, 0, '') . "\0close" },
    # messages that are not valid
    'length-too-short' => sub { fields_of_3(':status', 200, 'content-length', 1) },
    'length-too-long' => sub { fields_of_3(':status', 200, 'content-length', 9) },
    'body-of-204' => sub { fields_of_3(':status', 204) },
    'upper-case' => sub { fields_of_3(':status', 200, 'Server', 'x') },
    'no-status' => sub { fields_of_3('server', 'x') },
    'two-statuses' => sub { fields_of_3(':status', 200, ':status', 200) },
    'bad-status' => sub { fields_of_3(':status', '2x0') },
    'connection' => sub { fields_of_3(':status', 200, 'connection', 'close') },
    'spaces' => sub { fields_of_3(':status', 200, 'server', "  x\t") },
    'nul' => sub { fields_of_3(':status', 200, 'server', "a\0b") },
    'cr' => sub { fields_of_3(':status', 200, 'server', "a\rb") },
    'lf' => sub { fields_of_3(':status', 200, 'server', "a\nb: c") },
    'body-of-head' => sub { good(1) },
    # what is allowed
    'trailers' => sub { among(ok(3) . data(3, 'bad') . head(3, END_STREAM, 'x-check', 1)) },
    'padding' => sub { among(ok(3) . data(3, "\4bad\0\0\0\0", PADDED | END_STREAM)) },
    'unknown-frames' => sub { my $unknown = frame('UNKNOWN', 255, 3, 'x' x 100);
        $unknown . among($unknown . frame('ALTSVC', 0, 0, "\0\0h2=\":443\"")
            . head(3, 0, ':status', 200) . $unknown . data(3, 'bad', END_STREAM)) },
    'interim' => sub { among(head(3, 0, ':status', 103, 'link', 'x') . ok(3)
        . data(3, 'bad', END_STREAM)) },
    'closes' => sub { good(1) . ok(3) . data(3, 'half') . "\0close" },
    # a later request of the client is good
    'goaway-0' => sub { goaway(0, 0, '') },
    'goaway-3' => sub { goaway(3, 0, '') . good(1) . good(3) },
    'goaway-1-closes' => sub { good(1) . goaway(1, 0, '') . "\0close" },
    'refused' => sub { among(reset_stream(3, 7)) },
    'always-refused' => sub { reset_stream($_[0], 7) },
    'always-calm' => sub { goaway(0x7fffffff, 11, '') . "\0close" },
    'http-1-1-required' => sub { join '', map { reset_stream($_, 13) } 1, 3, 5 },
    'goaway-http-1-1-required' => sub { goaway(0, 13, '') },
    # the server allows fewer streams
    'streams-1' => sub { setting(3, 1) . good(1) . good(3) . good(5) },
    'streams-0' => sub { setting(3, 0) . good(1) . good(3) . good(5) },
    # ten times what the window of 16 KiB allows, in one piece
    'ignores-window' => sub { ok(1) . data(1, 'x' x 16384) x 10 . data(1, '', END_STREAM) },
    # other protocols
    'http-1-1' => sub { "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n\0close" },
    'http-1-1-ok' => sub { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\0close" },
    'tls-alert' => sub { "\x15\x03\x01\x00\x02\x02\x46\0close" },
    'ssh' => sub { "SSH-2.0-OpenSSH_9.2\r\n\0close" },
    'junk' => sub { "\xff" x 100 . "\0close" },
    'short' => sub { "hello\0close" },
);
my %at_once = map { $_ => 1 } qw(http-1-1 http-1-1-ok tls-alert ssh junk short);
my $scenario = $scenarios{$name} or die "no scenario $name\n";
my $fired = 0;

# --- connections ---

# Returns false if nobody reads. "close" at the end: ends this direction; the bytes of the client
# are read until it closes too, because the kernel would send RST otherwise.
sub send_bytes {
    my ($conn, $bytes) = @_;
    $conn->{ended} = $bytes =~ s/\0close\z//s;
    while (length $bytes) {
        my $count = syswrite $conn->{to}, $bytes or return 0;
        substr($bytes, 0, $count) = '';
    }
    shutdown $conn->{to}, 1 if $conn->{ended};
    return 1;
}

# returns the response to a request
sub on_request {
    my ($conn, $id) = @_;
    print STDERR "request $id on $conn->{number}\n";
    return $scenario->($id) if $name =~ /^always/;
    return good($id) if $fired;
    return '' if ++$conn->{requests} < $streams;
    $fired = 1;
    return $scenario->();
}

sub on_frame {
    my ($conn, $kind, $flags, $id, $payload) = @_;
    return on_request($conn, $id) if $kind == $type{HEADERS};
    return frame('SETTINGS', ACK, 0, '') if $kind == $type{SETTINGS} && !($flags & ACK);
    return frame('PING', ACK, 0, $payload) if $kind == $type{PING} && !($flags & ACK);
    printf STDERR "goaway %d %d on %d\n", unpack('NN', $payload), $conn->{number}
        if $kind == $type{GOAWAY};
    printf STDERR "reset %d %d\n", $id, unpack('N', $payload) if $kind == $type{RST_STREAM};
    return '';
}

# returns false at the end of the connection
sub on_bytes {
    my ($conn) = @_;
    sysread $conn->{from}, $conn->{bytes}, 65536, length $conn->{bytes} or return 0;
    $conn->{bytes} = '' if $conn->{ended};
    if (!$conn->{open}) {
        return 1 if length $conn->{bytes} < 24;
        return send_bytes($conn, $scenario->()) if $at_once{$name};
        substr($conn->{bytes}, 0, 24) = '';
        $conn->{open} = send_bytes($conn, frame('SETTINGS', 0, 0, '')) or return 0;
    }
    while (length $conn->{bytes} >= 9) {
        my ($high, $low, $kind, $flags, $id) = unpack 'CnCCN', $conn->{bytes};
        my $length = $high << 16 | $low;
        last if length $conn->{bytes} < 9 + $length;
        my $payload = substr $conn->{bytes}, 9, $length;
        substr($conn->{bytes}, 0, 9 + $length) = '';
        my $sent = on_frame($conn, $kind, $flags, $id, $payload);
        $sent eq '' || send_bytes($conn, $sent) or return 0;
    }
    return 1;
}

$SIG{PIPE} = 'IGNORE';
STDERR->autoflush;
if (!$port) {
    binmode STDIN;
    my $conn = {from => \*STDIN, to => \*STDOUT, bytes => '', number => 1};
    1 while on_bytes($conn);
    exit;
}
my $listener = IO::Socket::INET->new(
    LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "$@\n";
my $select = IO::Select->new($listener);
my (%connections, $number);
while (1) {
    for my $peer ($select->can_read) {
        if ($peer == $listener) {
            my $new = $listener->accept or next;
            setsockopt $new, IPPROTO_TCP, TCP_NODELAY, 1;
            $connections{$new} = {from => $new, to => $new, bytes => '', number => ++$number};
            $select->add($new);
        } elsif (!on_bytes($connections{$peer})) {
            $select->remove($peer);
            delete $connections{$peer};
            close $peer;
        }
    }
}
