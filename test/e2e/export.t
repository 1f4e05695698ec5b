#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# export - all that is held of a phone, a subscriber, a person, for a lawful request: who used it on which days at which
# operator, its history with reasons, its marks with their orders, a clone's case, notices, an application that ended, with
# its papers' names. Canonical, hashed, mode 0600, never over another file; "nothing is held" is an answer. Each try is in
# the audit log, refused or not, and no number stands there; in a database with roles it is the admin's.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin;
use lib $FindBin::Bin;
use JSON::PP ();
use People;
use Portal;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z');
my $canonical = JSON::PP->new->canonical->utf8;
my ($phone, $other, $idle, $filed) = map { imei($_) } 1, 2, 7, 9;
my ($imsi, $second, $msisdn) = ('401010000000101', '401020000000102', '+77010000101');
my $made = 0;

sub ok_run { my ($say, @words) = @_; my $got = $r->run(@words); is $got->{code}, 0, $say or diag $got->{err}; return $got }
sub out { return $r->path('export-' . ++$made . '.json') }

# As an account; what is printed, and the document.
sub export {
    my ($as, @words) = @_;
    my $path = out();
    my $got = $r->run('--actor', $as, '--json', 'export', @words, '--out', $path);
    $got->{path} = $path;
    $got->{text} = Register::slurp($path);
    $got->{is} = $got->{text} ? json($got->{text}) : undef;
    $got->{said} = json($got->{out}) if $got->{code} < 2;
    return $got;
}
sub events { return grep { $_->{what} eq 'export' } map { json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out} }
sub holds { my ($got) = @_; return join ' ', map { $_->{store} } grep { $_->{looked} && $_->{items} } @{$got->{is}{looked_at}} }

# --- what there is to be held ---

ok_run('an account', 'user', 'add', 'aigul');
ok_run('two users are a clone', 'rules', 'set', 'clone_imsis=2');
sub feed {
    my ($operator, @rows) = @_;
    ok_run("a feed of $operator", 'feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'late files', $r->file("$operator.csv",
        lines('date,imei,imsi,msisdn,rat', @rows)));
}
feed('Altel', map { ("2026-03-0$_,$phone,$imsi,77010000101,006", "2026-03-0$_,$other,$imsi,77010000101,006") } 2, 3, 5);
feed('Kcell', "2026-03-04,$phone,$second,77020000102,006", "2026-03-05,$phone,$imsi,77010000101,006");
is json(ok_run('a look for clones', '--json', 'clones', '--accept', 'move', '--reason', 'few phones')->{out})->{opened}, 1, 'one case';
ok_run('a second account', 'user', 'add', 'bolat');
ok_run('stolen', '--actor', 'bolat', 'suspend', '--mark', 'stolen', '--by', 'police of Almaty', '--order', '12/3', '--reason', 'theft of March', $phone);
ok_run('a channel', 'notices', 'channel', '--operator', 'Altel', '--road', 'file');
ok_run('an address', 'notices', 'set', '--site', 'imei.example.kz');
is json(ok_run('notices', '--json', 'notices', 'due')->{out})->{made}, 1, 'one notice: of the phone that is not stolen';

# --- a phone ---

my $got = export('aigul', '--imei', $phone, '--order', 'Court 7-26/101', '--reason', 'investigator Sadykov');
is $got->{code}, 0, 'a phone' or diag $got->{err};
is sprintf('%04o', (stat $got->{path})[2] & 07777), '0600', 'for nobody else to read';
is sha256_hex($got->{text}), $got->{said}{sha256}, 'hashed as printed';
is length $got->{text}, $got->{said}{bytes}, 'as long';
is $got->{text}, $canonical->encode($got->{is}) . "\n", 'canonical';
my $held = $got->{is}{held};
is_deeply [@{$got->{is}{head}}{qw(asked order actor at)}], [{by => 'imei', value => $phone}, 'Court 7-26/101', 'aigul', '2026-03-10T07:00:00Z'], 'whose, by which order, for whom, when';
(my $head = $r->run('journal', 'verify')->{out}) =~ s/.*?([0-9a-f]{64}).*/$1/s;
is $got->{is}{head}{journal}{hash}, $head, 'as of this head of the journal';
is_deeply [map { [@$_{qw(imsi msisdn first last days)}] } @{$held->{networks}}],
  [[$imsi, '77010000101', '2026-03-02', '2026-03-05', 3], [$second, '77020000102', '2026-03-04', '2026-03-04', 1]], 'who used it, when';
is_deeply [sort { $a->{operator} cmp $b->{operator} } @{$held->{networks}[0]{operators}}], [{operator => 'Altel', days => 3, first => '2026-03-02', last => '2026-03-05'},
    {operator => 'Kcell', days => 1, first => '2026-03-05', last => '2026-03-05'}], 'at which operator';
is_deeply [@{$held->{verdict}[0]}{qw(list reason used)}], ['black', 'STOLEN', JSON::PP::true], 'its verdict';
is $held->{verdict}[0]{why}[0]{values}{rule}, 1, 'and why';
is_deeply [@{$held->{marks}[0]}{qw(kind by order)}], ['stolen', 'police of Almaty', '12/3'], 'the mark and its order';
is_deeply [map { "$_->{event} $_->{change}" } @{$held->{journal}}], ['suspended mark_set', 'clone clone', 'observed activated'], 'its history';
is $held->{facts}[0]{activation}, '2026-03-02', 'its facts';
is_deeply [grep { $_->{text} =~ /theft of March/ } @{$held->{notes}}] ? 1 : 0, 1, 'why it was done';
is_deeply [@{$held->{clone_cases}[0]}{qw(state subscribers)}, map { $_->{imsi} } @{$held->{clone_cases}[0]{users}}], ['open', 2, $imsi, $second], 'its case, with its users';
is scalar @{$held->{applications}}, 0, 'no application';
is holds($got), 'clone_cases facts journal marks networks notes verdict', 'every store says what it has';
is_deeply [grep { !$_->{looked} && !$_->{why} } @{$got->{is}{looked_at}}], [], 'those that cannot hold it say why';
is_deeply [map { $_->{store} } @{$got->{is}{looked_at}}], [sort map { $_->{store} } @{$got->{is}{looked_at}}], 'in order';
is_deeply [sort keys %{$got->{is}{held}}], [map { $_->{store} } grep { $_->{looked} } @{$got->{is}{looked_at}}], 'the list is whole';
like $got->{text}, qr/"what":"papers"/, 'and it is said what is not here';

# --- a subscriber ---

$got = export('aigul', '--imsi', $imsi, '--order', 'A-1');
is $got->{code}, 0, 'a subscriber' or diag $got->{err};
is_deeply [sort map { $_->{imei} } @{$got->{is}{held}{networks}}], [sort $phone, $other], 'all phones of his';
is_deeply [map { [@$_{qw(imei step msisdn state)}] } @{$got->{is}{held}{notices}}], [[$other, 'GREY', '77010000101', 'waiting']], 'what he is told';
is_deeply $got->{is}{held}{told}[0]{imei}, $other, 'and was told last';
my $number = export('aigul', '--msisdn', '8 701 000 01 01', '--order', 'A-1');
is_deeply $number->{is}{held}{networks}, $got->{is}{held}{networks}, 'the same by his number, as people type it';
is_deeply [map { $_->{imsi} } @{$got->{is}{held}{clone_cases}[0]{users}}], [$imsi], 'the case that names him, and him alone';
unlike $got->{text}, qr/$second/, 'nothing of who else had the phone';

# --- nothing, refused ---

my $nothing = export('aigul', '--imei', $idle, '--order', 'A-2');
is $nothing->{code}, 1, 'nothing is held';
is holds($nothing), 'verdict', 'and the file says so';
is $nothing->{is}{held}{verdict}[0]{reason}, 'NEVER_ACTIVATED', 'it would hear this today';
like $r->run('--actor', 'aigul', 'export', '--imei', $idle, '--order', 'A-2', '--out', out())->{out}, qr/^nothing is held; of \d+ stores that were looked at \d+ hold nothing$/m, 'in words';
my $before = Register::slurp($got->{path});
my $over = $r->run('--actor', 'aigul', 'export', '--imei', $phone, '--order', 'A-3', '--out', $got->{path});
is $over->{code}, 2, 'it does not write over a file';
like $over->{err}, qr/stands there already/, 'and says so';
is Register::slurp($got->{path}), $before, 'which stays';
for (['/nonexistent/x.json', 2], [$r->dir, 2]) {
    is $r->run('--actor', 'aigul', 'export', '--imei', $phone, '--order', 'A-3', '--out', $_->[0])->{code}, $_->[1], "no place: $_->[0]";
}
my $stranger = export('somebody', '--imei', $phone, '--order', 'A-4');
is_deeply [$stranger->{code}, $stranger->{is}], [2, undef], 'who is no staff account gets nothing';
like $stranger->{err}, qr/ACTOR/, 'and hears why';
my @log = events();
is_deeply [map { $_->{outcome} } @log], [qw(OK OK OK NOT_FOUND NOT_FOUND), ('FILE_WRITE') x 3, 'ACTOR'], 'each try is in the audit log';
my ($first) = map { json(Register::slurp($r->path("export-$_.json"))) } 1;
is_deeply [@{$log[0]}{qw(object subject)}], [@{$first->{head}{audit}}{qw(object subject)}], 'by the marks that the document names';
is $log[1]{subject}, $log[2]{subject}, 'one order has one mark';
isnt $log[1]{object}, $log[2]{object}, 'one subscriber by two numbers has two';
is_deeply [@{$log[5]}{qw(object)}], [$log[0]{object}], 'a phone has one';
my @notes = map { $_->{text} } @{export('bolat', '--imei', $phone, '--order', 'A-5')->{is}{held}{audit_log}};
is scalar @notes, 5, 'whoever asks next sees who asked before';
my $told = $r->sql("SELECT text FROM note WHERE text LIKE 'export %' ORDER BY id") // '';
like $told, qr/order Court 7-26\/101: given, \d+ items, sha256 [0-9a-f]{64}: investigator Sadykov$/m, 'the order in the notes, with what was given';
unlike $told . join(' ', map { $canonical->encode($_) } @log), qr/$imsi|$second|77010000101|@{[substr $phone, 0, 14]}|@{[substr $idle, 0, 14]}/, 'no number stands there';

# --- words that are none ---

for (['--imei', $phone], ['--order', 'x'], ['--imei', $phone, '--imsi', $imsi, '--order', 'x'], ['--imei', '1', '--order', 'x'],
    ['--imsi', 'x', '--order', 'x'], ['--msisdn', '12', '--order', 'x'], ['--person', '123456789012', '--order', 'x'],
    ['--imei', $phone, '--order', ''], ['--imei', $phone, '--order', "a\nb"], ['--imei', $phone, '--order', 'x' x 65],
    ['--imei', $phone, '--order', 'x', '--reason', "a\tb"], ['--imei', $phone, '--order', 'x', 'word']) {
    (my $shown = "@$_") =~ s/\n/ /g;
    is export('aigul', @$_)->{code}, 2, 'refused: ' . substr $shown, 0, 60;
}
is $r->run('--actor', 'aigul', 'export', '--imei', $phone, '--order', 'x')->{code}, 2, 'refused: no file';
is scalar(events()), @log + 1, 'which asked nobody';

# --- a person: an application that ended, its papers, what he was told ---

$r->now(undef);
my $p = Portal->new($r, border => 0);
my $iin = $p->person('dana', 'АХМЕТОВА ДАНА', '8501013');
my $server = $p->serve;
my $dana = $p->enter('dana');
my ($status, $paper) = $p->ask('POST', '/api/v1/papers?name=receipt.pdf', "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n", $dana, 'Content-Type' => 'application/octet-stream');
is $status, 201, 'a paper' or diag explain $paper;
($status, my $a) = $p->ask('POST', '/api/v1/applications', {kind => 'before_duty', document => 'Чек 15', papers => [$paper->{id}], devices => [{imeis => [$filed], brand => 'Samsung', model => 'A1'}]}, $dana);
is $status, 201, 'an application' or diag explain $a;
is +($p->ask('POST', "/api/v1/applications/$a->{number}/withdraw", {}, $dana))[0], 200, 'that ended';
ok Register::poll(10, sub { $r->run('audit', 'show')->{out} =~ /  file  / }), 'the audit log has it, a second late';
$got = export('aigul', '--person', $iin, '--order', 'A-6');
is $got->{code}, 0, 'a person' or diag $got->{err};
is_deeply [map { [@$_{qw(iin name)}] } @{$got->{is}{held}{person}}], [[$iin, 'АХМЕТОВА ДАНА']], 'who it is';
is_deeply [map { [@$_{qw(number kind state document)}, $_->{devices}[0]{imeis}] } @{$got->{is}{held}{applications}}],
  [[$a->{number}, 'before_duty', 'withdrawn', 'Чек 15', [$filed]]], 'what was asked for';
is_deeply [map { [@$_{qw(name kind bytes)}] } @{$got->{is}{held}{applications}[0]{papers}}], [['receipt.pdf', 'pdf', $paper->{bytes}]], 'its papers by their names';
unlike $got->{text}, qr/startxref/, 'without their bytes';
ok scalar @{$got->{is}{held}{sessions}}, 'that somebody is signed in';
ok scalar(grep { $_->{what} eq 'file' } @{$got->{is}{held}{audit_log}}), 'what he did';
unlike $got->{text}, qr/$a->{receipt}/, 'but no receipt, which would open it';
$got = export('aigul', '--imei', $filed, '--order', 'A-7');
is_deeply [map { $_->{number} } @{$got->{is}{held}{applications}}], [$a->{number}], 'and by the phone, though it ended';
is_deeply $got->{is}{held}{messages}[0]{application} // $a->{number}, $a->{number}, 'with its messages';
Register::stop($server->{pid});

# --- by the roles of a database ---

SKIP: {
    skip 'roles are a database\'s', 3 if !$r->{database};
    is system('psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', "$ENV{TAMGA_TEST_POSTGRES}/$r->{database}", '-f', 'deploy/postgresql/roles.sql'), 0, 'roles';
    my $url = $r->{url};
    for (['admin', 0], ['bulk', 4]) {
        my ($role, $code) = @$_;
        my $login = "$r->{database}_$role";
        Register::psql('postgres', "CREATE ROLE $login LOGIN PASSWORD 'x' IN ROLE tamga_$role");
        (my $server = $ENV{TAMGA_TEST_POSTGRES}) =~ s{//([^/]*@)?}{//$login:x@};
        $r->{url} = "$server/$r->{database}";
        my $as = export('aigul', '--imei', $phone, '--order', 'A-8');
        is $as->{code}, $code, "$role: exit $code" or diag $as->{err};
        $r->{url} = $url;
        Register::psql($r->{database}, "DROP OWNED BY $login");
        Register::psql('postgres', "DROP ROLE $login");
    }
}
done_testing;
