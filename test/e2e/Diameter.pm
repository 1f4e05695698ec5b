# SPDX-License-Identifier: Apache-2.0
#
# Diameter - the protocol as the scripts speak it, written by RFC 6733 and TS 29.272 and from nothing of src/: messages
# put together and taken apart, a client on a socket, and messages that are wrong on purpose.
package Diameter;
use strict;
use warnings;
use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);
no warnings qw(recursion); # a hundred groups, one in the other, are a test

our @EXPORT_OK = qw(avp number grouped message application ecr cer parse);

use constant {VENDOR => 10415, S13 => 16777252};

my %code = (
    'User-Name' => 1, 'Host-IP-Address' => 257, 'Auth-Application-Id' => 258, 'Vendor-Specific-Application-Id' => 260,
    'Session-Id' => 263, 'Origin-Host' => 264, 'Supported-Vendor-Id' => 265, 'Vendor-Id' => 266, 'Result-Code' => 268,
    'Product-Name' => 269, 'Disconnect-Cause' => 273, 'Auth-Session-State' => 277, 'Origin-State-Id' => 278, 'Failed-AVP' => 279,
    'Error-Message' => 281, 'Route-Record' => 282, 'Destination-Realm' => 283, 'Proxy-Info' => 284, 'Destination-Host' => 293,
    'Origin-Realm' => 296, 'Experimental-Result' => 297, 'Experimental-Result-Code' => 298, 'Proxy-Host' => 280, 'Proxy-State' => 33,
    'Inband-Security-Id' => 299, 'Firmware-Revision' => 267, 'Acct-Application-Id' => 259,
    'Terminal-Information' => 1401, 'IMEI' => 1402, 'Software-Version' => 1403, 'Equipment-Status' => 1445,
);
my %name = reverse %code;
my %optional = map { $_ => 1 } 'Product-Name', 'Firmware-Revision', 'Error-Message'; # no M bit
my %is_number = map { $_ => 1 } 'Auth-Application-Id', 'Vendor-Id', 'Supported-Vendor-Id', 'Result-Code', 'Disconnect-Cause',
    'Auth-Session-State', 'Origin-State-Id', 'Experimental-Result-Code', 'Equipment-Status', 'Inband-Security-Id', 'Firmware-Revision', 'Acct-Application-Id';
my %is_group = map { $_ => 1 } 'Vendor-Specific-Application-Id', 'Terminal-Information', 'Experimental-Result', 'Proxy-Info'; # a Failed-AVP holds what was wrong: not looked into

# One AVP: its name (or number) and data; with: flags, vendor, length (as told, not as it is).
sub avp {
    my ($what, $data, %with) = @_;
    my $code = $code{$what} // $what;
    my $vendor = $with{vendor} // ($code >= 1400 && $code < 1500 ? VENDOR : 0);
    my $flags = $with{flags} // (($vendor ? 0x80 : 0) | ($optional{$what} ? 0 : 0x40));
    my $head = $vendor ? 12 : 8;
    my $length = $with{length} // $head + length $data;
    return pack('NN', $code, $flags << 24 | $length & 0xffffff) . ($vendor ? pack 'N', $vendor : '') . $data . "\0" x (-length($data) & 3);
}

sub number { return avp($_[0], pack('N', $_[1]), @_[2 .. $#_]) }
sub grouped { my ($what, @inner) = @_; return avp($what, join '', @inner) }
sub application { return grouped('Vendor-Specific-Application-Id', number('Vendor-Id', VENDOR), number('Auth-Application-Id', S13)) }

# with: flags, app, hop, end, length, version.
sub message {
    my ($command, $body, %with) = @_;
    my $length = $with{length} // 20 + length $body;
    return pack('NNNNN', ($with{version} // 1) << 24 | $length & 0xffffff, ($with{flags} // 0x80) << 24 | $command, $with{app} // 0,
        $with{hop} // 1, $with{end} // 1) . $body;
}

sub origin { my ($who) = @_; return avp('Origin-Host', $who->{host}) . avp('Origin-Realm', $who->{realm}) }

sub cer {
    my ($who, %with) = @_;
    return message(257, origin($who) . avp('Host-IP-Address', pack 'nC4', 1, 127, 0, 0, 1) . number('Vendor-Id', VENDOR)
        . avp('Product-Name', 'tamga test') . number('Supported-Vendor-Id', VENDOR) . application(), %with);
}

# An ECR: imei (undef: no Terminal-Information), version, imsi; session, more (AVPs at its end), terminal (instead of all that).
sub ecr_body {
    my ($who, %q) = @_;
    my $terminal = $q{terminal} // grouped('Terminal-Information', defined $q{imei} ? avp('IMEI', $q{imei}) : (),
        defined $q{version} ? avp('Software-Version', $q{version}) : ());
    return avp('Session-Id', $q{session} // "$who->{host};1;1") . application() . number('Auth-Session-State', 1) . origin($who)
        . avp('Destination-Realm', $who->{to} // $who->{realm}) . $terminal . (defined $q{imsi} ? avp('User-Name', $q{imsi}) : '') . ($q{more} // '');
}
sub ecr { my ($who, %q) = @_; return message(324, ecr_body($who, %q), flags => 0xC0, app => S13, hop => $q{hop}, end => $q{end}) }

# A message as {command, flags, app, hop, end, avps => [[name, value]...], NAME => first value}; groups are hashes of the same
# form, numbers numbers. Dies on what does not hold together.
sub parse {
    my ($bytes) = @_;
    my ($head, $flagged, $app, $hop, $end) = unpack 'NNNNN', $bytes;
    die "length\n" unless ($head & 0xffffff) == length $bytes && $head >> 24 == 1;
    return {command => $flagged & 0xffffff, flags => $flagged >> 24, app => $app, hop => $hop, end => $end, %{parse_avps(substr $bytes, 20)}};
}

sub parse_avps {
    my ($bytes) = @_;
    my %got = (avps => []);
    while (length $bytes) {
        die "an AVP's head is cut\n" if length $bytes < 8;
        my ($code, $flagged) = unpack 'NN', $bytes;
        my ($flags, $length) = ($flagged >> 24, $flagged & 0xffffff);
        my $head = $flags & 0x80 ? 12 : 8;
        my $padded = $length + (-$length & 3);
        die "an AVP's length\n" if $length < $head || $padded > length $bytes;
        my $what = $name{$code} // $code;
        my $data = substr $bytes, $head, $length - $head;
        die "padding is not zero\n" if substr($bytes, $length, $padded - $length) =~ /[^\0]/;
        my $value = $is_number{$what} ? unpack('N', $data) : $is_group{$what} ? parse_avps($data) : $data;
        push @{$got{avps}}, [$what, $value, $flags];
        $got{$what} //= $value;
        $bytes = substr $bytes, $padded;
    }
    return \%got;
}

# ---- a client ----

# with: port, host, realm; or socket (TLS). Connected, nothing said yet; ->{sent} and ->{got} keep all bytes.
sub new {
    my ($class, %with) = @_;
    my $socket = $with{socket} // IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $with{port}, Proto => 'tcp') // return;
    $socket->autoflush(1);
    binmode $socket;
    return bless {host => 'mme1.mnc077.example', realm => 'mnc077.example', %with, socket => $socket, in => '', sent => '', got => '', next => 1, flow => []}, $class;
}

sub send {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->{sent} .= $bytes;
    push @{$self->{flow}}, [0, $bytes];
    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        return 0 unless $n;
        $at += $n;
    }
    return 1;
}

# The next whole message, as bytes; '' at its end, undef when none came within the seconds.
sub bytes {
    my ($self, $seconds) = @_;
    my $end = time + ($seconds // 5);
    my $select = IO::Select->new($self->{socket});
    while (1) {
        my $need = length $self->{in} >= 4 ? unpack('N', $self->{in}) & 0xffffff : 0;
        if ($need && length $self->{in} >= $need) {
            my $message = substr $self->{in}, 0, $need, '';
            $self->{got} .= $message;
            push @{$self->{flow}}, [1, $message];
            return $message;
        }
        my $left = $end - time;
        return undef if $left <= 0 || !$select->can_read($left);
        my $n = sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
        return '' unless $n;
    }
}

# The next message that is no watchdog of theirs (those are answered), taken apart; undef when none came.
sub hear {
    my ($self, $seconds) = @_;
    while (1) {
        my $bytes = $self->bytes($seconds);
        return undef unless $bytes;
        my $m = parse($bytes);
        return $m unless $m->{command} == 280 && $m->{flags} & 0x80;
        $self->send(message(280, number('Result-Code', 2001) . origin($self), flags => 0, hop => $m->{hop}, end => $m->{end}));
    }
}

# True when the other end closes within the seconds; what it still says is passed over.
sub closed {
    my ($self, $seconds) = @_;
    my $end = time + ($seconds // 5);
    while (time < $end) {
        my $bytes = $self->bytes($end - time);
        return 1 if defined $bytes && $bytes eq '';
    }
    return 0;
}

sub greet { my ($self) = @_; $self->send(cer($self)); return $self->hear }

# Asks; the answer taken apart, undef when none came.
sub ask {
    my ($self, %q) = @_;
    my $id = $self->{next}++;
    $self->send(ecr($self, session => "$self->{host};1;$id", hop => $id, end => $id + 1000, %q)) or return undef;
    return $self->hear($q{seconds});
}

# What an answer says: "white" "black" "grey" "unknown", else the result code.
sub said {
    my ($m) = @_;
    return 'nothing' unless $m;
    my $status = $m->{'Equipment-Status'};
    return qw(white black grey)[$status] if defined $status && ($m->{'Result-Code'} // 0) == 2001;
    my $experimental = $m->{'Experimental-Result'};
    return 'unknown' if $experimental && $experimental->{'Experimental-Result-Code'} == 5422;
    return $m->{'Result-Code'} // 'no result';
}

sub part { my ($self) = @_; $self->send(message(282, origin($self) . number('Disconnect-Cause', 0))); return $self->hear }

1;
