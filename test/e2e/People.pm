# SPDX-License-Identifier: Apache-2.0
#
# People - what scripts share that need somebody behind the sign-in: an authority of the tests with keys of
# persons and organisations, staff with codes, a border that answers, requests with a session. people_of
# says of which register, people_server which server is asked.
package People;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha1);
use Time::Local qw(timegm);
use Exporter qw(import);
use JSON::PP ();
use MIME::Base64;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(people_of people_server person_number authority give sign staff code fresh_code ask nonce signed_in
    enter enter_staff password_of border_start border border_end);

my ($r, $dir, $server, $border_pid, $border_from, @accounts, %totp, %step);
sub people_of { ($r) = @_; $dir = $r->{dir}; @accounts = %totp = %step = (); return }
sub people_server { ($server) = @_; return }

# ---- numbers with their check digits ----

sub checked {
    my ($eleven) = @_;
    my @d = split //, $eleven;
    my ($a, $b) = (0, 0);
    my @second = (3 .. 11, 1, 2);
    $a += $d[$_] * ($_ + 1), $b += $d[$_] * $second[$_] for 0 .. 10;
    my $c = $a % 11;
    $c = $b % 11 if $c == 10;
    return $c == 10 ? undef : "$eleven$c";
}

sub person_number {
    my ($head) = @_;
    my $room = 11 - length $head;
    for my $n (0 .. 99) {
        my $number = checked(sprintf '%s%0*d', $head, $room, $n);
        return $number if $number;
    }
    return;
}

# ---- an authority, made with the openssl program ----

sub openssl {
    my @words = @_;
    system("openssl @words >>$dir/openssl.log 2>&1") == 0 or die "openssl @words: " . Register::slurp("$dir/openssl.log");
    return;
}

sub authority {
    my ($name) = @_;
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout $dir/$name.key -out $dir/$name.pem",
        "-subj '/CN=$name' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
    return;
}

# Usages: of persons; of an organisation, its head; of an organisation, an employee.
my %usage = (
    person => 'clientAuth,1.2.398.3.3.4.1.1',
    head   => 'clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.1',
    clerk  => 'clientAuth,1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.5',
);

sub give { # authority, file, subject, whose
    my ($ca, $name, $subject, $whose) = @_;
    Register::spew("$dir/$name.ext", "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n",
        "extendedKeyUsage=$usage{$whose}\n");
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $dir/$name.key -out $dir/$name.csr",
        "-utf8 -subj '$subject'");
    openssl("x509 -req -in $dir/$name.csr -CA $dir/$ca.pem -CAkey $dir/$ca.key -CAcreateserial -days 20 -out $dir/$name.pem",
        "-extfile $dir/$name.ext");
    return;
}

sub sign {
    my ($name, $content) = @_;
    Register::spew("$dir/content", $content);
    openssl("cms -sign -binary -nodetach -md sha256 -in $dir/content -signer $dir/$name.pem -inkey $dir/$name.key",
        "-outform DER -out $dir/cms");
    return encode_base64(Register::slurp("$dir/cms"), '');
}

# ---- the border, as another program would answer: what border() said last ----

sub border_start {
    border('yes');
    $border_pid = open $border_from, '-|', $^X, '-e', q{
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
    }, "$dir/says", "$dir/asked" or die;
    chomp(my $port = <$border_from>);
    return $port;
}
sub border { Register::spew("$dir/says", "$_[0]\n"); return }
sub border_end { kill 'KILL', $border_pid if $border_pid; close $border_from if $border_from; $border_pid = 0; return }

# ---- staff ----

sub password_of { return "Тұлпар шабысы $_[0]" }

# From the third on, two of them decide.
sub add_account {
    my ($name) = @_;
    my $was = $r->{actor};
    $r->actor($accounts[0]) if @accounts > 1;
    my $got = $r->run('user', 'add', $name);
    if (@accounts > 1) {
        my ($proposal) = "$got->{out}$got->{err}" =~ /confirm (\d+)/;
        $got = $r->actor($accounts[1])->run('confirm', $proposal // 'none');
    }
    $r->actor($was);
    is $got->{code}, 0, "account $name" or diag $got->{err};
    push @accounts, $name;
    return;
}

sub staff {
    my ($name, $role, @more) = @_; # more words of `user password`
    add_account($name) unless $totp{$name};
    Register::spew("$dir/password", password_of($name), "\n");
    my $got = $r->run({stdin => "$dir/password"}, '--json', 'user', 'password', $name, '--role', $role, @more);
    is $got->{code}, 0, "$name signs in as $role" or diag $got->{err};
    ($totp{$name}) = $got->{out} =~ /secret=([A-Z2-7]+)/;
    delete $step{$name};
    return;
}

sub code_at {
    my ($name, $step) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $totp{$name};
    my $secret = pack 'B*', substr $bits, 0, 160;
    my $hash = hmac_sha1(pack('Q>', $step), $secret);
    my $at = ord(substr $hash, -1) & 15;
    return sprintf '%06d', (unpack('N', substr $hash, $at, 4) & 0x7fffffff) % 1_000_000;
}
# The step that the register is at; its clock stands still where --now names one.
sub step_now {
    return int(time / 30) unless $r->{now} && $r->{now} =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/;
    return int(timegm($6, $5, $4, $3, $2 - 1, $1) / 30);
}
sub code { my ($name, $step) = @_; return code_at($name, step_now() + ($step // 0)) }

# A code that was not used yet: each step counts once; the step before and the one after are taken as well.
sub fresh_code {
    my ($name) = @_;
    my $now = step_now();
    my $next = exists $step{$name} && $step{$name} >= $now - 1 ? $step{$name} + 1 : $now - 1;
    sleep 0.2 while $next > step_now() + 1;
    $step{$name} = $next;
    return code_at($name, $next);
}

# ---- asking ----

sub ask { # method, path, json, who, more headers: (status, JSON, head, text)
    my ($method, $path, $body, $who, %headers) = @_;
    $headers{Cookie} = "tamga=$who->{token}" if $who;
    $headers{'X-Tamga-CSRF'} = $who->{csrf} if $who && $who->{csrf};
    $headers{'Content-Type'} //= 'application/json' if defined $body;
    $headers{'Accept-Language'} //= 'ru';
    my ($status, $text, $head) = Register::http($server, $method, $path, \%headers,
        defined $body ? (ref $body ? JSON::PP->new->encode($body) : $body) : undef);
    my $json = eval { Register::json($text) } // {};
    return ($status, $json, $head // '', $text);
}

sub nonce { return (ask('GET', '/api/v1/sign-in/nonce'))[1]{nonce} }

sub signed_in {
    my ($status, $json, $head) = @_;
    my ($token) = $head =~ /^Set-Cookie: tamga=([0-9a-f]{64}); Path=\/; HttpOnly; SameSite=Strict\r?$/mi;
    return {token => $token, csrf => $json->{csrf}, status => $status, json => $json};
}

sub enter {
    my ($name) = @_;
    my $nonce = nonce();
    return signed_in(ask('POST', '/api/v1/sign-in/eds', {nonce => $nonce, cms => sign($name, $nonce)}));
}

sub enter_staff { # name, more headers
    my ($name, %headers) = @_;
    return signed_in(ask('POST', '/api/v1/sign-in/password',
            {name => $name, password => password_of($name), code => fresh_code($name)}, undef, %headers));
}

END { my $code = $?; border_end(); $? = $code }

1;
