#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# uploads - a file of devices by API: it comes in by pieces that are cut anywhere, is checked in the background,
# and tells what is wrong with which row. What is no table is refused with a reason; a server that is killed in
# the middle goes on where it was.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{TAMGA_SEED} // time ^ $$;
diag "TAMGA_SEED=$seed";
srand $seed;

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff('erlan', 'officer');
$p->organisation('firm', 'ТОО Импорт', Portal::number_of('8501013'), '0101400');
$p->organisation('other', 'ТОО Другое', Portal::number_of('9006154'), '0202400');
$p->serve;
my $firm = $p->enter('firm');
my $other = $p->enter('other');
my $officer = $p->enter_staff('erlan');
my $b = Bulk->new($p, $firm);
my $b2 = Bulk->new($p, $other);

# ---- by pieces, cut anywhere ----

my $file = Register::lines($header, map { row(imei($_, 35267701)) } 1 .. 3000);
my ($status, $u, $head) = $b->begin(length $file);
is $status, 201, 'begun';
like $head, qr{^Location: /api/v1/uploads/$u->{id}\r?$}m, 'with a place';
is $b->offset($u->{id}), 0, 'nothing has come';
is(($b->finish($u->{id}, sha256_hex($file)))[1]{reason}, 'OFFSET', 'it is not whole');
my ($cuts, $at) = (0, 0);
while ($at < length $file) {
    my $n = 1 + int rand 30000;
    my $bytes = substr $file, $at, $n;
    if (rand() < 0.3) { # the line is cut in the middle of a piece
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $p->{server}{port});
        my $part = substr $bytes, 0, int rand length $bytes;
        print $socket "PATCH /api/v1/uploads/$u->{id} HTTP/1.1\r\nHost: x\r\nCookie: tamga=$firm->{token}\r\nX-Tamga-CSRF: $firm->{csrf}\r\n",
            "Content-Type: application/offset+octet-stream\r\nUpload-Offset: $at\r\nContent-Length: ", length $bytes, "\r\n\r\n$part";
        close $socket;
        $cuts++;
    } elsif (rand() < 0.1) {
        my ($s, $json, $h) = $b->piece($u->{id}, $at + 1 + int rand 100, $bytes);
        die "$s" unless $s == 409 && $json->{reason} eq 'OFFSET' && $h =~ /^Upload-Offset: $at\r?$/m;
    } else {
        my ($s) = $b->piece($u->{id}, $at, $bytes);
        die "$s" unless $s == 200;
    }
    $at = $b->offset($u->{id});
}
ok $cuts, "cut $cuts times";
is(($b->piece($u->{id}, $at, 'x'))[1]{reason}, 'TOO_LONG', 'no byte more than was announced');
is(($b->finish($u->{id}, 'x' x 64))[1]{reason}, 'USAGE', 'a digest of 64 digits');
is(($b->finish($u->{id}, sha256_hex($file)))[0], 202, 'whole');
my $done = $b->settled($u->{id});
is $done->{state}, 'ready', 'checked' or diag explain $done;
is_deeply [@$done{qw(rows bad devices imeis)}], [3000, 0, 3000, 3000], 'it came as it was sent';
is(($b->piece($u->{id}, $at, 'x'))[1]{reason}, 'NOT_NOW', 'and takes no more');

# ---- begun once ----

sub begin_as {
    my ($key, $bytes, $who) = @_;
    return $p->ask('POST', '/api/v1/uploads', {name => 'a.csv', bytes => $bytes}, $who // $firm, 'Idempotency-Key' => $key);
}
my @first = begin_as('one', 10);
my @second = begin_as('one', 10);
is_deeply [$first[0], $second[0], $second[1]{id}], [201, 200, $first[1]{id}], 'begun once under a key, whoever lost the answer';
is((begin_as('one', 11))[1]{reason}, 'IDEMPOTENCY', 'the key of another file');
is((begin_as('one', 11, $other))[0], 201, 'keys of another are his own');
is((begin_as('x' x 65, 10))[1]{field}, 'Idempotency-Key', 'a key that is too long');
is $b->drop($first[1]{id}), 200, 'dropped';
my @third = begin_as('one', 11);
is_deeply [$third[0], $third[1]{id} ne $first[1]{id}], [201, 1], 'what is gone is begun anew';
$b->drop($third[1]{id});
my @pids = map {
    my $pid = fork // die;
    if (!$pid) { my @a = begin_as('both', 10); POSIX::_exit($a[0] == 201 ? 1 : $a[0] == 200 ? 0 : 2) }
    $pid
} 1 .. 6;
my %ended;
for (@pids) { waitpid $_, 0; $ended{$? >> 8}++ }
is_deeply \%ended, {1 => 1, 0 => 5}, 'of six at once one begins it';
is scalar(my @left = @{($p->ask('GET', '/api/v1/uploads', undef, $firm))[1]{uploads}}), 2, 'and there is one, beside the first';
$b->drop((begin_as('both', 10))[1]{id});
$b2->drop((begin_as('one', 11, $other))[1]{id});

# ---- whose it is, what does not come in ----

for my $row (['GET', ''], ['DELETE', ''], ['GET', '/errors.csv'], ['POST', '/check']) {
    my ($method, $tail) = @$row;
    is((($p->ask($method, "/api/v1/uploads/$u->{id}$tail", $method eq 'POST' ? {} : undef, $other))[0]), 404, "$method $tail of another: 404");
}
is(($b2->piece($u->{id}, 0, 'x'))[0], 404, 'PATCH of another: 404');
is((Bulk->new($p, $officer)->begin(10))[0], 403, 'officers file nothing');
is((Bulk->new($p, {token => '0' x 64, csrf => 'x'})->begin(10))[0], 401, 'nor nobody');
is((Bulk->new($p, {token => '0' x 64, csrf => 'x'})->piece($u->{id}, 0, 'x' x 100_000))[0], 401, 'a large piece of nobody is not read');
is(($b->begin(600 << 20))[1]{reason}, 'TOO_LONG', 'a file that is too large');
is(($b->begin(0))[1]{reason}, 'USAGE', 'an empty one');
is(($b->begin(10, sha256 => 'zz'))[1]{reason}, 'USAGE', 'a digest that is none');
is $b->drop($u->{id}), 200, 'dropped';
is((($p->ask('GET', "/api/v1/uploads/$u->{id}", undef, $firm))[0]), 404, 'and gone');
is_deeply [glob "$r->{dir}/tamga.db.spool/*"], [], 'from the disk, too';

my @many = map { [$b->begin(10)] } 1 .. 9;
is_deeply [map { $_->[0] } @many], [(201) x 8, 409], 'eight at once';
is $many[8][1]{reason}, 'UPLOADS', '... and why not nine';
is scalar @{($p->ask('GET', '/api/v1/uploads', undef, $firm))[1]{uploads}}, 8, 'his own';
my $big = $many[0][1]{id};
is(($b->piece($big, 0, 'x' x 11))[1]{reason}, 'TOO_LONG', 'a piece that is too long');
is(($b->piece($big, 0, 'x' x ((8 << 20) + 1)))[0], 413, 'a piece beyond 8 MB');
$b->drop($_->[1]{id}) for @many[0 .. 7];

# ---- what is no table ----

my %strange = (
    'UTF-16 without mark' => ["i\x00m\x00e\x00i\x001\x00\n\x00", 'FILE_ENCODING'],
    'a NUL among rows'    => ["$header\n" . row(imei(1)) . "\n\0\n", 'FILE_ENCODING'],
    'no header'           => [row(imei(1)) . "\n", 'FILE_HEADER'],
    'another header'      => ["imei,brand\n490154203237518,X\n", 'FILE_HEADER'],
    'a header alone'      => ["$header\n", 'FILE_EMPTY'],
    'blank lines'         => ["\n\n\n", 'FILE_EMPTY'],
    'one endless line'    => ["$header\n" . '1' x 200_000, 'LINE_LONG'],
    'a page'              => ["<html><body>\n<p>404</p>\n", 'FILE_HEADER'],
    'an open quote'       => ["$header\n\"" . 'x' x 70_000 . "\n", 'FILE_QUOTE'],
);
for my $name (sort keys %strange) {
    my ($bytes, $reason) = @{$strange{$name}};
    my $failed = $b->send_whole($bytes);
    is "$failed->{state} " . ($failed->{reason} // ''), "failed $reason", $name;
    ok length $failed->{reason_text}, '... in words';
    $b->drop($failed->{id});
}
# ---- what is something else: said at the first piece, by what it seems to be ----

my $rest = join '', map { chr int rand 256 } 1 .. 5000;
my %kind = (
    'an XLSX workbook'  => ["PK\x03\x04\x14\0\6\0[Content_Types].xml\0\0xl/workbook.xml$rest", 'Excel'],
    'an ODS workbook'   => ["PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet$rest", 'Excel'],
    'an XLS workbook'   => ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1$rest", 'Excel'],
    'a ZIP archive'     => ["PK\x03\x04\x14\0devices.csv$rest" =~ s{xl/|word/|ppt/}{---}gr, 'архив'],
    'a bomb of zeros'   => ["\x1f\x8b\x08\0" . "\0" x 5000, 'архив'],
    'zstd'              => ["\x28\xb5\x2f\xfd$rest", 'архив'],
    '7z'                => ["7z\xbc\xaf\x27\x1c$rest", 'архив'],
    'rar'               => ["Rar!\x1a\x07\x01\0$rest", 'архив'],
    'UTF-16'            => ["\xff\xfei\x00m\x00e\x00i\x001\x00\n\x00", 'UTF-16'],
    'a picture'         => ["\xff\xd8\xff\xe0$rest", 'картинка'],
    'a PDF'             => ["%PDF-1.7\n$rest", 'документ'],
    'a DOCX'            => ["PK\x03\x04\x14\0[Content_Types].xml\0word/document.xml" . $rest =~ s{xl/}{---}gr, 'документ'],
    'a program, ELF'    => ["\x7fELF\x02\x01\x01\x00" . "\x00" x 4000, 'программа'],
    'a program, renamed' => ["MZ\x90\x00\x03\x00$rest", 'программа'],
);
for my $name (sort keys %kind) {
    my ($bytes, $word) = @{$kind{$name}};
    my (undef, $one) = $b->begin(1_000_000 + length $bytes); # far more is to come
    my ($status, $problem, $head) = $b->piece($one->{id}, 0, $bytes);
    is "$status $problem->{reason}", '400 FILE_KIND', "$name: said at the first piece";
    unlike $head, qr/^Upload-Offset:/mi, '... nothing more is asked for';
    my $failed = $b->look($one->{id});
    is "$failed->{state} $failed->{reason}", 'failed FILE_KIND', '... it has failed';
    like $failed->{reason_text}, qr/\Q$word\E/, "... in words: $word";
    is(($b->piece($one->{id}, 0, $bytes))[1]{reason}, 'NOT_NOW', '... and nothing more comes in') if $name eq '7z';
    my %said = map { $_ => ($p->ask('GET', "/api/v1/uploads/$one->{id}", undef, $firm, 'Accept-Language' => $_))[1]{reason_text} } qw(kk ru en);
    my ($page, $text) = ($p->ask('GET', "/files/$one->{id}.import", undef, $firm, 'Accept-Language' => 'ru'))[0, 3];
    ok $page == 200 && index($text, $said{ru}) >= 0, '... and its page says so';
    is scalar(keys %{{reverse %said}}), 3, '... in three languages';
    $b->drop($one->{id});
}

(undef, $u) = $b->begin(length $file);
$b->piece($u->{id}, 0, $file);
$b->finish($u->{id}, '0' x 64);
is $b->settled($u->{id})->{reason}, 'DIGEST', 'a file that came damaged';
$b->drop($u->{id});

# ---- 100,000 rows, 7 bad ----

is $r->run('import', 'gsma', $r->file('gsma.txt', imei(77_001, 35267702) . "\n"))->{code}, 0, 'a listed phone';
my @rows = map { row(imei($_, 35267702)) } 1 .. 100_000;
my %bad = (10 => 'IMEI_MISTYPED', 500 => 'DUPLICATE_IN_FILE', 5000 => 'IMEI_FORM', 20_000 => 'FORMULA', 50_000 => 'COLUMNS', 77_001 => 'GSMA_LISTED', 99_999 => 'DATE');
$rows[9] =~ s/^(\d{14})(\d)/$1 . ($2 + 1) % 10/e;
$rows[499] = $rows[498];
$rows[4999] =~ s/^\d+/12345/;
$rows[19_999] =~ s/Galaxy/=cmd|'calc'!A1/;
$rows[49_999] .= ',x';
$rows[99_998] =~ s/2025-12-01/2025-13-01/;
my $great = $b->send_whole(Register::lines($header, @rows));
is_deeply [@$great{qw(state rows bad devices)}], ['ready', 100_000, 7, 99_993], 'seven bad rows of 100,000 lose those seven';
is_deeply {map { $_->{line} - 1 => $_->{found} } @{$great->{errors}}}, \%bad, '... each told by its line';
my ($told) = grep { $_->{found} eq 'IMEI_FORM' } @{$great->{errors}};
is_deeply [@$told{qw(line column value)}], [5001, 1, '12345'], '... its column and value';
my ($code, undef, $h, $csv) = $p->ask('GET', "/api/v1/uploads/$great->{id}/errors.csv", undef, $firm);
is $code, 200, 'as a file';
like $h, qr{^Content-Disposition: attachment; filename="errors.csv"\r?$}m, '... to keep';
my @lines = split /\r\n/, $csv;
is scalar @lines, 8, '... with all of them';
like $lines[4], qr/^20001,6,'=cmd/, '... and no cell is a formula';
(undef, undef, undef, my $kk) = $p->ask('GET', "/api/v1/uploads/$great->{id}/errors.csv?lang=kk", undef, $firm);
isnt $kk, $csv, '... in the language that is asked for';
like((($p->ask('GET', '/api/v1/uploads/template.csv'))[3]), qr/^\xef\xbb\xbf$header\r\n$/, 'the template');
$b->drop($great->{id});

sub served { my ($path) = @_; my $text = ($p->ask('GET', $path, undef, $firm))[3] =~ s/^\xef\xbb\xbf//r; return $text =~ tr/\r//dr }
is served('/files/sample.csv'), scalar `python3 tools/sample_devices.py 100 0`, 'the page gives a sample';
my $faulty = `python3 tools/sample_devices.py`;
ok served('/files/sample-faults.csv') eq $faulty, '... and that of 100,000 rows, the same as the script makes';
my $sample = $b->send_whole($faulty);
is_deeply [@$sample{qw(rows bad devices)}], [100_000, 7, 99_993], 'the sample has seven bad rows, too';
is scalar(keys %{{map { $_->{found} => 1 } @{$sample->{errors}}}}), 7, '... of seven kinds';
$b->drop($sample->{id});

# ---- killed in the middle ----

{
    my $whole = Register::lines($header, map { row(imei($_, 35267703), imei($_ + 500_000, 35267703)) } 1 .. 60_000);
    (undef, $u) = $b->begin(length $whole);
    my ($sent, $kills) = (0, 0);
    while ($sent < length $whole) {
        my $bytes = substr $whole, $sent, 1 << 20;
        if ($kills < 4 && rand() < 0.6) {
            my $pid = fork // die;
            if (!$pid) { $b->piece($u->{id}, $sent, $bytes); POSIX::_exit(0) }
            sleep rand 0.03;
            Register::stop($p->{server}{pid}, 'KILL');
            kill 'KILL', $pid;
            waitpid $pid, 0;
            $p->serve;
            $kills++;
        } else {
            $b->piece($u->{id}, $sent, $bytes);
        }
        my $now = $b->offset($u->{id});
        die "went back: $now < $sent" if $now !~ /^\d+$/ || $now < $sent;
        $sent = $now;
    }
    $b->finish($u->{id}, sha256_hex($whole));
    for my $i (1 .. 4) {
        sleep rand 0.4;
        Register::stop($p->{server}{pid}, 'KILL');
        $p->serve;
    }
    my $after = $b->settled($u->{id}, 60);
    is_deeply [@$after{qw(state rows bad devices imeis)}], ['ready', 60_000, 0, 60_000, 120_000], "whole after $kills kills of the upload and 4 of the check";
    is $b->drop($u->{id}), 200, 'dropped';
}
is $r->sql('SELECT count(*) FROM record WHERE ' . ($r->{backend} eq 'sqlite' ? "substr(key,1,1) IN (x'42', x'58', x'62', x'55', x'75', x'79')"
        : "substring(key from 1 for 1) IN ('\\x42', '\\x58', '\\x62', '\\x55', '\\x75', '\\x79')")), 0, 'nothing is left of what was dropped';

Register::stop($p->{server}{pid});
ok $r->whole, 'the register is whole';
ok index($r->stored, 'devices.csv') < 0, 'no name of a file in clear';
done_testing;
