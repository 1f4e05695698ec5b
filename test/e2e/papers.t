#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# papers - files that an applicant attaches, and what he is told, by API: each kind that is taken and each refusal;
# equal bytes are one file, sealed, whose name tells nothing; who may see one, and that a look is noted; kill -9 between
# file and record leaves nothing; messages in the cabinet, and each once in the spool whatever dies.
use strict;
use warnings;
use Compress::Zlib qw(compress crc32);
use Digest::SHA qw(hmac_sha1 sha256_hex);
use Encode ();
use FindBin;
use lib $FindBin::Bin;
use MIME::Base64;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $dir = $r->{dir};

# ---- files ----

sub chunk { my ($type, $data) = @_; return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data)) }

sub png { # width, height, what makes it another one
    my ($w, $h, $seed) = @_;
    return "\x89PNG\r\n\x1a\n" . chunk('IHDR', pack('NNC5', $w, $h, 8, 0, 0, 0, 0)) . chunk('tEXt', "Comment\0" . ($seed // ''))
        . chunk('IDAT', compress($w * $h < 10_000 ? ("\0" . "\x7f" x $w) x $h : '')) . chunk('IEND', '');
}

sub jpeg { # width, height, what makes it another one, its end
    my ($w, $h, $seed, $end) = @_;
    my $app = "Exif\0\0" . ($seed // '') . "\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xd9"; # a preview's head
    return "\xff\xd8\xff\xe1" . pack('n', 2 + length $app) . $app . "\xff\xff\xdb" . pack('n', 67) . "\0" . "\x10" x 64
        . "\xff\xc0" . pack('nCnnC4', 11, 8, $h, $w, 1, 1, 0x11, 0) . "\xff\xda" . pack('nC6', 8, 1, 1, 0, 0, 63, 0)
        . "\x12\x34\xff\x00\x56" . ($end // "\xff\xd9");
}
sub pdf { my ($seed) = @_; return "%PDF-1.7\n" . ($seed // '') . "\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n" }

# ---- numbers with their check digits ----

sub person_number {
    my ($head) = @_;
    for my $n (0 .. 99) {
        my $eleven = sprintf '%s%04d', $head, $n;
        my @d = split //, $eleven;
        my ($first, $second) = (0, 0);
        $first += $d[$_] * ($_ + 1), $second += $d[$_] * ((3 .. 11, 1, 2)[$_]) for 0 .. 10;
        my $c = $first % 11 == 10 ? $second % 11 : $first % 11;
        return "$eleven$c" if $c < 10;
    }
    return;
}

# ---- an authority, people, an officer ----

sub openssl {
    my @words = @_;
    return system("openssl @words >>$dir/openssl.log 2>&1") == 0 || die Register::slurp("$dir/openssl.log");
}
openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout $dir/nca.key -out $dir/nca.pem",
    "-subj /CN=nca -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
my %iin = (aigul => person_number('8501013'), bolat => person_number('9006154'));
for my $name (sort keys %iin) {
    Register::spew("$dir/$name.ext", "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n",
        "extendedKeyUsage=clientAuth,1.2.398.3.3.4.1.1\n");
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $dir/$name.key -out $dir/$name.csr",
        "-utf8 -subj '/CN=\U$name\E/serialNumber=IIN$iin{$name}'");
    openssl("x509 -req -in $dir/$name.csr -CA $dir/nca.pem -CAkey $dir/nca.key -CAcreateserial -days 20 -out $dir/$name.pem",
        "-extfile $dir/$name.ext");
}
is $r->run('user', 'add', 'erlan')->{code}, 0, 'an account';
Register::spew("$dir/password", "a long password of erlan\n");
my ($secret) = $r->run({stdin => "$dir/password"}, '--json', 'user', 'password', 'erlan', '--role', 'officer')->{out} =~ /secret=([A-Z2-7]+)/;

sub code {
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $secret;
    my $hash = hmac_sha1(pack('Q>', int(time / 30)), pack 'B*', substr $bits, 0, 160);
    return sprintf '%06d', (unpack('N', substr $hash, ord(substr $hash, -1) & 15, 4) & 0x7fffffff) % 1_000_000;
}

# ---- asking ----

my $papers = "$dir/papers";
my $spool = "$dir/spool";
$r->settings('[portal]', 'open = yes', "eds_ca = $dir/nca.pem", "papers = $papers", "outbox = $spool");
my $server = $r->serve;

sub ask { # method, path, body, who, more headers
    my ($method, $path, $body, $who, %headers) = @_;
    $headers{Cookie} = "tamga=$who->{token}" if $who;
    $headers{'X-Tamga-CSRF'} = $who->{csrf} if $who && $who->{csrf};
    $headers{'Content-Type'} //= 'application/json' if defined $body;
    $headers{'Accept-Language'} //= 'ru';
    my ($status, $text, $head) = Register::http($server, $method, $path, \%headers,
        ref $body ? JSON::PP->new->encode($body) : $body);
    return ($status, eval { Register::json($text) } // {}, $head // '', $text);
}

sub signed_in {
    my ($status, $json, $head) = @_;
    my ($token) = $head =~ /^Set-Cookie: tamga=([0-9a-f]{64});/mi;
    return {token => $token, csrf => $json->{csrf}, status => $status};
}

sub enter {
    my ($name) = @_;
    my $nonce = (ask('GET', '/api/v1/sign-in/nonce'))[1]{nonce};
    Register::spew("$dir/content", $nonce);
    openssl("cms -sign -binary -nodetach -md sha256 -in $dir/content -signer $dir/$name.pem -inkey $dir/$name.key",
        "-outform DER -out $dir/cms");
    return signed_in(ask('POST', '/api/v1/sign-in/eds', {nonce => $nonce, cms => encode_base64(Register::slurp("$dir/cms"), '')}));
}

my ($aigul, $bolat) = (enter('aigul'), enter('bolat'));
is "$aigul->{status} $bolat->{status}", '200 200', 'two people sign in' or BAIL_OUT(Register::slurp("$dir/serve.err"));
sleep 1 while time % 30 > 25;
my $erlan = signed_in(ask('POST', '/api/v1/sign-in/password', {name => 'erlan', password => 'a long password of erlan', code => code()}));
is $erlan->{status}, 200, 'and an officer';

sub add { # who, bytes, query, type
    my ($who, $bytes, $query, $type) = @_;
    return ask('POST', '/api/v1/papers' . ($query // ''), $bytes, $who, 'Content-Type' => $type // 'application/octet-stream');
}

sub files { my @all = grep { -f } glob "$papers/[0-9a-f][0-9a-f]/*"; return @all }
sub drafts { return glob "$papers/[0-9a-f][0-9a-f]/.new*" }

# ---- each kind ----

my %good = (
    'image/jpeg'      => jpeg(4000, 3000, 'a photo of the receipt'),
    'image/png'       => png(40, 30, 'a picture of the screen'),
    'application/pdf' => pdf('the ticket of Aigul'),
);
my %id;
for my $type (sort keys %good) {
    my ($status, $json, $head) = add($aigul, $good{$type}, '?name=' . 'dir%2F%D1%87%D0%B5%D0%BA%22.bin', 'text/html');
    is $status, 201, "$type is taken, whatever it is called";
    is $json->{type}, $type, '... and known by its bytes';
    is $json->{bytes}, length $good{$type}, '... with its size';
    is $json->{sha256}, sha256_hex($good{$type}), '... and its SHA-256';
    like $json->{id}, qr/^[0-9a-f]{32}$/, '... under an id that nobody guesses';
    is $json->{name}, "чек\".bin", '... and a name for people, without its directories';
    like $head, qr{^Location: /api/v1/papers/$json->{id}\r?$}m, '... in a place';
    $id{$type} = $json->{id};
}
is scalar(files()), 3, 'three files';
is((add($aigul, $good{'image/png'}))[1]{id}, $id{'image/png'}, 'sent again it is the same');
my (undef, $his) = add($bolat, $good{'image/png'});
isnt $his->{id}, $id{'image/png'}, 'from somebody else it is another paper';
is scalar(files()), 3, '... in the same file';
is((stat $papers)[2] & 0777, 0700, 'the directory is ours alone');
is_deeply [grep { (stat)[2] & 077 } files()], [], 'and every file';
my $disk = join '', map { Register::slurp($_) } files();
ok index($disk, $_) < 0, "not in clear on the disk: $_" for 'a photo of', 'the ticket', 'PNG', 'JFIF', '%PDF', "\xff\xd8\xff";
ok !(grep { my $sha = sha256_hex($_); grep { index($_, substr $sha, 0, 16) >= 0 } files() } values %good), 'names tell nothing';

# ---- each refusal ----

my $zip = "PK\x03\x04\x14\0\0\0\x08\0" . "\0" x 40;
my %bad = (
    'nothing'                        => ['FILE_EMPTY',    ''],
    'a renamed program'              => ['PAPER_KIND',    "\x7fELF\x02\x01\x01" . "\0" x 200],
    'a program of Windows'           => ['PAPER_KIND',    "MZ\x90\0" . "\0" x 200],
    'an archive'                     => ['PAPER_KIND',    $zip],
    'a page'                         => ['PAPER_KIND',    '<!doctype html><script>alert(1)</script>'],
    'a drawing with script'          => ['PAPER_KIND',    '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    'a picture of another kind'      => ['PAPER_KIND',    "GIF89a\x01\0\x01\0\0\0\0;"],
    'a PDF behind a page'            => ['PAPER_KIND',    "<html>\n" . pdf()],
    'a PDF cut off'                  => ['PAPER_DAMAGED', substr(pdf('x' x 4000), 0, 3000)],
    'a PDF whose end is far away'    => ['PAPER_DAMAGED', pdf() . ' ' x 2000],
    'a JPEG cut off in its head'     => ['PAPER_DAMAGED', substr($good{'image/jpeg'}, 0, 60)],
    'a JPEG cut off in its picture'  => ['PAPER_DAMAGED', jpeg(40, 30, 'cut', 'xx')],
    'a JPEG without a size'          => ['PAPER_DAMAGED', jpeg(0, 30)],
    'a PNG cut off'                  => ['PAPER_DAMAGED', substr($good{'image/png'}, 0, -6)],
    'a PNG without a size'           => ['PAPER_DAMAGED', png(0, 0)],
    'a picture of 60,000 x 60,000'   => ['PAPER_PIXELS',  jpeg(60_000, 60_000)],
    'a PNG of 2 thousand million'    => ['PAPER_PIXELS',  png(2_000_000_000, 1)],
);
for my $name (sort keys %bad) {
    my ($status, $json) = add($aigul, $bad{$name}[1], '?name=photo.jpg', 'image/jpeg');
    is $json->{reason}, $bad{$name}[0], "$name is refused, and why";
    ok length $json->{detail}, '... with what to do' unless $bad{$name}[0] eq 'FILE_EMPTY';
}
is((add($aigul, pdf('x' x (10 << 20))))[0], 413, 'more than 10 MB');
my ($ok, $large) = add($aigul, pdf('large ' . 'x' x ((10 << 20) - 200)));
is $ok, 201, 'nearly 10 MB';
is((add($aigul, pdf('x'), '?name=%zz'))[1]{reason}, 'USAGE', 'a name that is no name');
is((add(undef, $good{'image/png'}))[1]{reason}, 'SESSION', 'nobody is signed in');
is((add(undef, pdf('x' x (1 << 20))))[1]{reason}, 'SESSION', '... nor with a large one, which is not read');
is((add({token => $aigul->{token}}, $good{'image/png'}))[1]{reason}, 'CSRF', 'from another site');
is((add($erlan, $good{'image/png'}))[1]{reason}, 'ROLE', 'an officer attaches nothing');
is scalar(files()), 4, 'and nothing of it was kept';
is_deeply [drafts()], [], '... nor half of anything';

# ---- an application takes them ----

sub wish {
    my ($imei, @papers) = @_;
    return {kind => 'personal', way => 'carried', country => 'TR', entered => '2026-03-01',
        devices => [{imeis => [$imei], brand => 'Samsung', model => 'Galaxy'}], papers => [@papers]};
}
sub file { my ($who, $wish, %headers) = @_; return ask('POST', '/api/v1/applications', $wish, $who, %headers) }

is((file($aigul, wish(imei(1), $his->{id})))[1]{reason}, 'PAPER', 'not with somebody else\'s paper');
is((file($aigul, wish(imei(1), 'x')))[1]{reason}, 'PAPER', 'nor with one that is none');
is((file($aigul, wish(imei(1), $id{'image/png'}, $id{'image/png'})))[1]{reason}, 'PAPER', 'nor twice with one');
is((file($aigul, wish(imei(1), ('0' x 32) x 21)))[1]{reason}, 'TOO_MANY', 'nor with 21');
is((file($aigul, {%{wish(imei(1))}, papers => 'x'}))[1]{reason}, 'USAGE', 'papers are a list');
my ($status, $first) = file($aigul, wish(imei(1), @id{'image/jpeg', 'application/pdf'}), 'Idempotency-Key' => 'one');
is $status, 201, 'filed with two papers';
is_deeply [map { $_->{type} } @{$first->{papers}}], ['image/jpeg', 'application/pdf'], 'it lists them';
is((file($aigul, wish(imei(1), @id{'image/jpeg', 'application/pdf'}), 'Idempotency-Key' => 'one'))[1]{number}, $first->{number}, 'sent again it is the same');
is((file($aigul, wish(imei(2), $id{'image/jpeg'})))[1]{reason}, 'PAPER', 'a paper goes into one application');

# ---- who may see them ----

my ($s, undef, $head, $bytes) = ask('GET', "/api/v1/papers/$id{'image/jpeg'}", undef, $aigul);
is $s, 200, 'its owner gets it';
ok $bytes eq $good{'image/jpeg'}, '... to the byte';
like $head, qr/^Content-Type: image\/jpeg\r?$/m, '... as what it is';
like $head, qr/^Content-Disposition: attachment; filename="[0-9a-f]{8}\.jpg"; filename\*=UTF-8''%D1%87%D0%B5%D0%BA%22\.bin\r?$/m, '... to be kept';
like $head, qr/^X-Content-Type-Options: nosniff\r?$/m, '... as nothing else';
like $head, qr/^Cache-Control: no-store\r?$/m, '... and not stored on the way';
like $head, qr/^Content-Security-Policy: default-src 'none'; .*sandbox\r?$/m, '... in a sandbox';
like((ask('GET', "/api/v1/papers/$id{'image/jpeg'}?inline=1", undef, $aigul))[2], qr/^Content-Disposition: inline;.*^Content-Security-Policy: [^\n]*sandbox/ms, 'a picture may be looked at');
like((ask('GET', "/api/v1/papers/$id{'application/pdf'}?inline=1", undef, $aigul))[2], qr/^Content-Disposition: attachment;/m, 'a PDF is kept');
is((ask('GET', "/api/v1/papers/$id{'image/jpeg'}", undef, $bolat))[0], 404, 'another person hears nothing of it');
is((ask('GET', "/api/v1/papers/$id{'image/jpeg'}"))[0], 401, 'nor does nobody');
is((ask('GET', '/api/v1/papers/' . '0' x 32, undef, $aigul))[0], 404, 'no such paper');
is((ask('GET', '/api/v1/papers/x', undef, $aigul))[0], 404, 'no such id');
is((ask('GET', "/api/v1/papers/$id{'image/png'}", undef, $erlan))[0], 404, 'an officer does not see what nobody filed');
my (undef, $desk) = ask('GET', "/api/v1/desk/$first->{number}", undef, $erlan);
is_deeply [map { $_->{id} } @{$desk->{papers}}], [@id{'image/jpeg', 'application/pdf'}], 'he sees the list';
($s, undef, undef, $bytes) = ask('GET', "/api/v1/papers/$id{'application/pdf'}", undef, $erlan);
ok $s == 200 && $bytes eq $good{'application/pdf'}, '... and what was filed';

# ---- papers that were asked for; messages ----

sub messages { my ($who, $query) = @_; return (ask('GET', '/api/v1/messages' . ($query // ''), undef, $who))[1] }
is_deeply [map { $_->{code} } @{messages($aigul)->{messages}}], ['filed'], 'she is told that it was filed';
is messages($bolat)->{unread}, 0, 'and nobody else';
ask('POST', "/api/v1/desk/$first->{number}/claim", {}, $erlan);
is((ask('POST', "/api/v1/desk/$first->{number}/ask", {note => 'Билет, пожалуйста'}, $erlan))[1]{state}, 'papers_asked', 'papers asked');
my $told = messages($aigul);
is $told->{unread}, 2, 'two are unread';
is $told->{messages}[0]{code}, 'papers_asked', 'the newest first';
like $told->{messages}[0]{text}, qr/нужны документы.*\nСотрудник пишет: Билет, пожалуйста/s, '... in words, with the officer\'s';
like((ask('GET', '/api/v1/messages', undef, $aigul, 'Accept-Language' => 'kk'))[1]{messages}[0]{text}, qr/құжаттар қажет/, '... in the language of whoever asks');
my $number = $told->{messages}[0]{id};
is((ask('POST', "/api/v1/messages/$number/read", {}, $bolat))[0], 404, 'not his to read');
is((ask('POST', "/api/v1/messages/$number/read", {}, $aigul))[0], 200, 'read');
is((ask('POST', "/api/v1/messages/$number/read", {}, $aigul))[0], 200, '... once more, as well');
is messages($aigul)->{unread}, 1, 'one is unread';
is_deeply [map { $_->{code} } @{messages($aigul, "?after=$number")->{messages}}], ['filed'], 'what comes after';
is((ask('GET', '/api/v1/messages?after=x', undef, $aigul))[1]{reason}, 'USAGE', 'after what?');
is((ask('GET', '/api/v1/messages', undef, $erlan))[1]{reason}, 'ROLE', 'an officer has none');

is((ask('POST', "/api/v1/applications/$first->{number}/answer", {note => 'Вот', papers => [$his->{id}]}, $aigul))[1]{reason}, 'PAPER', 'not with somebody else\'s');
(undef, my $answered) = ask('POST', "/api/v1/applications/$first->{number}/answer", {note => 'Вот', papers => [$large->{id}]}, $aigul);
is $answered->{state}, 'checking', 'brought';
is scalar @{$answered->{papers}}, 3, '... and beside the others';
ok((ask('GET', "/api/v1/papers/$large->{id}", undef, $erlan))[3] =~ /\A%PDF-1\.7\nlarge x/, 'the officer reads the large one');
my $no = {decisions => [{refusal => 'NO_BORDER_CROSSING'}], note => ''};
is((ask('POST', "/api/v1/desk/$first->{number}/decide", $no, $erlan))[1]{state}, 'refused', 'refused');
my ($last) = @{messages($aigul)->{messages}};
is $last->{code}, 'refused', 'she is told';
like $last->{text}, qr/отклонено\. .*\nСведений о пересечении границы не найдено\. Приложите билет/, '... why, and what to bring';
my (undef, $second) = file($bolat, wish(imei(3), $his->{id}), 'Accept-Language' => 'kk');
ask('POST', "/api/v1/desk/$second->{number}/claim", {}, $erlan);
is((ask('POST', "/api/v1/desk/$second->{number}/decide", {decisions => [{approve => JSON::PP::true}]}, $erlan))[1]{state}, 'approved', 'another is approved');
is messages($bolat)->{messages}[0]{code}, 'approved', '... and told';

# ---- the spool ----

sub letters { my @all = map { Register::json(Register::slurp($_)) } sort glob "$spool/*.json"; return @all }
ok Register::poll(5, sub { letters() >= 5 }), 'five letters in the spool';
my @letters = letters();
is_deeply [map { $_->{code} } @letters], [qw(filed papers_asked refused filed approved)], 'in their order';
is_deeply [map { int $_->{id} } @letters], [1 .. 5], 'each under its number';
is_deeply $letters[0]{to}, {iin_bin => $iin{aigul}, name => 'AIGUL'}, 'for whom';
is_deeply [map { $_->{language} } @letters], [qw(ru ru ru kk kk)], 'in the language in which each was filed';
like $letters[4]{text}, qr/мақұлданды/, '... in its words';
ok !(grep { length(Encode::decode('UTF-8', $_->{sms})) > 134 } @letters), 'two parts of an SMS each';
is_deeply [map { sprintf '%o', (stat)[2] & 0777 } glob "$spool/*.json"], [('600') x 5], 'ours alone';

# ---- kill -9 ----

# A page of the audit log is written each second: what was looked at before that stands before the first kill.
sub looks { return grep { $_->{what} eq 'paper' } map { Register::json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out} }
sub looked { my ($outcome, @look) = @_; return scalar grep { $_->{outcome} eq $outcome } @look }
ok Register::poll(10, sub { my @l = looks(); looked('OK', grep { $_->{object} == 1 } @l) >= 2 && looked('NOT_FOUND', @l) }), 'the looks stand in the audit log';

sub again { $server = $r->serve; return }
sub shot { Register::stop($server->{pid}, 'KILL'); return }

{
    my $before = files();
    # Somebody else writes to the register, so the record waits; the file stands already.
    my $held = $r->held;
    my $child = fork // die;
    if (!$child) { add($aigul, pdf('between file and record')); POSIX::_exit(0) }
    ok Register::poll(5, sub { files() == $before + 1 }), 'the file stands, its record does not';
    shot();
    $r->let_go($held);
    waitpid $child, 0;
    is scalar(files()), $before + 1, 'killed: it is left over';
    again();
    ok Register::poll(20, sub { files() == $before }), '... and thrown away after the start';
    is((ask('GET', "/api/v1/papers/$large->{id}", undef, $erlan))[0], 200, 'what has a record stays');
    is((add($aigul, pdf('between file and record')))[0], 201, 'it can be sent again');
    is scalar(files()), $before + 1, '... and stands';
}

my %sent;
my $filed = 0;
for my $round (1 .. 12) {
    my $child = fork // die;
    if (!$child) {
        for my $n (1 .. 50) {
            my ($s1, $paper) = add($bolat, png(30, 30, "$round $n"));
            my ($s2) = file($bolat, wish(imei(1000 * $round + $n), $paper->{id})) if $s1 == 201;
            Register::spew("$dir/sent-$round-$n", $paper->{id}) if ($s2 // 0) == 201;
        }
        POSIX::_exit(0);
    }
    sleep 0.05 + rand 0.3;
    shot();
    kill 'KILL', $child;
    waitpid $child, 0;
    again();
}
my @acknowledged = map { Register::slurp($_) } glob "$dir/sent-*";
ok @acknowledged > 0, scalar(@acknowledged) . ' papers were filed while it was killed 12 times';
is_deeply [grep { (ask('GET', "/api/v1/papers/$_", undef, $bolat))[0] != 200 } @acknowledged], [], 'each stands';
my (%cabinet, $next);
for (my $page = messages($bolat); ; $page = messages($bolat, "?after=$next")) {
    $cabinet{$_->{id}} = $_->{code} for @{$page->{messages}};
    $next = $page->{next} // last;
}
ok keys(%cabinet) >= @acknowledged + 2, 'each was told';
$cabinet{$_->{id}} = $_->{code} for @{messages($aigul)->{messages}};
ok Register::poll(20, sub { letters() >= keys %cabinet }), 'and each came into the spool';
sleep 1.5;
my %letter;
$letter{int $_->{id}}++ for letters();
is_deeply [sort { $a <=> $b } keys %letter], [sort { $a <=> $b } keys %cabinet], '... every one';
is_deeply [grep { $_ > 1 } values %letter], [], '... once';
ok Register::poll(20, sub { !drafts() }), 'no half file is left';

# ---- what is kept ----

Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
my @looks = looks();
ok looked('OK', grep { $_->{object} == 1 } @looks) >= 2, 'the officer\'s looks are in the audit log';
ok looked('NOT_FOUND', @looks), '... and those that found nothing';
my $stored = $r->stored;
cmp_ok length $stored, '>', 10_000, 'all that the register holds';
ok index($stored, $_) < 0, '... and not in clear' for 'Билет, пожалуйста', 'чек', sha256_hex($good{'image/jpeg'});
done_testing;
