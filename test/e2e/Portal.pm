# SPDX-License-Identifier: Apache-2.0
#
# Portal - what the scripts share that go behind the sign-in: an authority whose signatures the register
# believes, people and staff, a border that answers as it is told, the real `tamga serve` with all that,
# and requests in somebody's name. Signatures are made by the openssl program.
package Portal;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha1);
use JSON::PP;
use MIME::Base64;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my @borders;

# ---- numbers with their check digits ----

# An IIN or BIN from its first digits: the first number of them that has a check digit.
sub number_of {
    my ($head) = @_;
    my $room = 11 - length $head;
    for my $n (0 .. 99) {
        my @d = split //, sprintf '%s%0*d', $head, $room, $n;
        my @second = (3 .. 11, 1, 2);
        my ($a, $b) = (0, 0);
        $a += $d[$_] * ($_ + 1), $b += $d[$_] * $second[$_] for 0 .. 10;
        my $c = $a % 11;
        $c = $b % 11 if $c == 10;
        return join '', @d, $c if $c != 10;
    }
    die "no number begins with $head";
}

# ---- the authority ----

# settings: more lines of the section [portal]. border => 0: nobody is there to ask.
sub new {
    my ($class, $r, %o) = @_;
    my $p = bless {r => $r, dir => $r->dir, totp => {}}, $class;
    $p->authority('nca');
    $p->{border} = $p->open_border if $o{border} // 1;
    my $border = $p->{border} ? "border = http://127.0.0.1:$p->{border}/\nparcel = http://127.0.0.1:$p->{border}/\n" : '';
    $r->settings("[portal]\nopen = yes\neds_ca = $p->{dir}/nca.pem\n$border" . ($o{settings} // ''));
    return $p;
}

sub openssl {
    my ($p, @words) = @_;
    my $log = "$p->{dir}/openssl.log";
    return if system("openssl @words >>$log 2>&1") == 0;
    die "openssl @words: " . Register::slurp($log);
}

sub authority {
    my ($p, $name) = @_;
    my $d = $p->{dir};
    $p->openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout $d/$name.key -out $d/$name.pem",
        "-subj '/CN=$name' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
    return;
}

# A key and its certificate: in whose name, for what use (extended key usage), by which authority.
sub give {
    my ($p, $name, $subject, $usage, $ca) = @_;
    my $d = $p->{dir};
    $ca //= 'nca';
    Register::spew("$d/$name.ext", "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n",
        "extendedKeyUsage=$usage\n");
    $p->openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $d/$name.key -out $d/$name.csr",
        "-utf8 -subj '$subject'");
    $p->openssl("x509 -req -in $d/$name.csr -CA $d/$ca.pem -CAkey $d/$ca.key -CAcreateserial -days 20 -out $d/$name.pem",
        "-extfile $d/$name.ext");
    return;
}

# A person with a key; iin from the digits given. Returns the IIN.
sub person {
    my ($p, $name, $called, $head) = @_;
    my $iin = number_of($head);
    $p->give($name, "/CN=$called/serialNumber=IIN$iin", 'clientAuth,1.2.398.3.3.4.1.1');
    return $iin;
}

# An organisation, by its head's key. Returns its BIN.
sub organisation {
    my ($p, $name, $called, $iin, $head) = @_;
    my $bin = number_of($head);
    $p->give($name, "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin/O=$called/OU=BIN$bin",
        'clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1');
    return $bin;
}

sub sign {
    my ($p, $name, $content) = @_;
    my $d = $p->{dir};
    Register::spew("$d/content", $content);
    $p->openssl("cms -sign -binary -nodetach -md sha256 -in $d/content -signer $d/$name.pem -inkey $d/$name.key",
        "-outform DER -out $d/cms");
    return encode_base64(Register::slurp("$d/cms"), '');
}

# ---- staff ----

sub staff {
    my ($p, $name, $role) = @_;
    my $r = $p->{r};
    my $made = $r->run('user', 'add', $name)->{code};
    Register::spew("$p->{dir}/password", "Тұлпар шабысы $name\n");
    my $got = $r->run({stdin => "$p->{dir}/password"}, '--json', 'user', 'password', $name, '--role', $role);
    ($p->{totp}{$name}) = $got->{out} =~ /secret=([A-Z2-7]+)/;
    return ok $made == 0 && $got->{code} == 0 && $p->{totp}{$name}, "$name signs in as $role";
}

# The one-time code of now (RFC 6238), or of so many steps later.
sub code {
    my ($p, $name, $step) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $p->{totp}{$name};
    my $secret = pack 'B*', substr $bits, 0, 160;
    my $hash = hmac_sha1(pack('Q>', int(time / 30) + ($step // 0)), $secret);
    my $at = ord(substr $hash, -1) & 15;
    return sprintf '%06d', (unpack('N', substr $hash, $at, 4) & 0x7fffffff) % 1_000_000;
}

# ---- the border, as another program would answer: what a file says; "down" answers 503 ----

sub open_border {
    my ($p) = @_;
    $p->border('yes');
    my $pid = open my $out, '-|', $^X, '-e', q{
        use strict; use IO::Socket::INET;
        my ($says, $log) = @ARGV;
        my $s = IO::Socket::INET->new(Listen => 9, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die;
        $| = 1; print $s->sockport, "\n";
        while (my $c = $s->accept) {
            my ($head, $n) = ('', 0);
            while (my $l = <$c>) { $head .= $l; $n = $1 if $l =~ /^Content-Length: (\d+)/i; last if $l =~ /^\r?\n$/ }
            read $c, my $body, $n;
            open my $f, '>>', $log; print $f "$body\n"; close $f;
            open my $a, '<', $says; my $answer = <$a>; chomp $answer; close $a;
            my $json = $answer =~ /^(yes|no)$/ ? qq({"answer":"$answer"}) : $answer;
            my $status = $answer eq 'down' ? '503 x' : '200 OK';
            print $c "HTTP/1.1 $status\r\nContent-Length: ", length $json, "\r\nConnection: close\r\n\r\n$json";
            close $c;
        }
    }, "$p->{dir}/says", "$p->{dir}/asked" or die "a border: $!";
    chomp(my $port = <$out>);
    push @borders, [$pid, $out];
    return $port;
}

sub border { my ($p, $says) = @_; Register::spew("$p->{dir}/says", "$says\n"); return }

# ---- requests ----

sub serve { my ($p, @words) = @_; return $p->{server} = $p->{r}->serve(@words) }

# method, path, body (a structure is sent as JSON), in whose name, more headers: (status, JSON, head).
sub ask {
    my ($p, $method, $path, $body, $who, %headers) = @_;
    $headers{Cookie} = "tamga=$who->{token}" if $who;
    $headers{'X-Tamga-CSRF'} = $who->{csrf} if $who && $who->{csrf};
    $headers{'Content-Type'} //= 'application/json' if defined $body;
    $headers{'Accept-Language'} //= 'ru';
    my ($status, $text, $head) = Register::http($p->{server}, $method, $path, \%headers,
        ref $body ? JSON::PP->new->encode($body) : $body);
    my $json = eval { Register::json($text) } // {};
    return ($status, $json, $head // '', $text);
}

sub nonce { return ($_[0]->ask('GET', '/api/v1/sign-in/nonce'))[1]{nonce} }

sub signed_in {
    my ($status, $json, $head) = @_;
    my ($token) = $head =~ /^Set-Cookie: tamga=([0-9a-f]{64}); Path=\/; HttpOnly; SameSite=Strict\r?$/mi;
    return {token => $token, csrf => $json->{csrf}, status => $status, json => $json};
}

# Signs in by a key: {token, csrf, status, json}.
sub enter {
    my ($p, $name) = @_;
    my $nonce = $p->nonce;
    return signed_in($p->ask('POST', '/api/v1/sign-in/eds', {nonce => $nonce, cms => $p->sign($name, $nonce)}));
}

sub enter_staff {
    my ($p, $name, $step) = @_;
    sleep 0.1 while time - 30 * int(time / 30) > 28; # the code's step ends before it is seen
    return signed_in($p->ask('POST', '/api/v1/sign-in/password',
            {name => $name, password => "Тұлпар шабысы $name", code => $p->code($name, $step)}));
}

END {
    my $code = $?;
    for (@borders) {
        kill 'KILL', $_->[0];
        close $_->[1];
    }
    $? = $code;
}

1;
