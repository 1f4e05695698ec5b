#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# cli - the shell's contract: exit codes, the shape of `check --json`, what reading commands leave
# alone, files that are loaded twice, guards of a feed, GSMA's set and the list of models.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');
my @stolen = ('--mark', 'stolen', '--by', 'police', '--order', '12/3');

sub code_is {
    my ($code, $what, @words) = @_;
    my $got = $r->run(@words);
    is $got->{code}, $code, $what or diag "@words\n$got->{out}$got->{err}";
    return $got;
}

# --- a register that is not there ---

for my $words (['check', imei(1)], ['rules', 'show'], ['journal', 'show'], ['journal', 'verify'],
    ['db', 'check'], ['proposals'], ['user', 'list'], ['what-if', '--set', 'grace_days=5'],
    ['sweep', '--dry-run'], ['snapshot', 'write', $r->path('snapshot')],
    ['export', '--imei', imei(1), '--order', '1', '--out', $r->path('export')]) {
    my $got = code_is(4, "no register: @$words", @$words);
    like $got->{err}, qr/^tamga: STORE_MISSING: .*there is no register/, 'and says so';
}
is_deeply [grep { !/run\.(?:out|err)\z/ } glob $r->path('*')], [], 'and nothing was created';
code_is(4, 'no such kind of register', '--register', 'foo:bar', 'check', imei(1));

# --- words that are none ---

like code_is(2, 'no command')->{err}, qr/Exit codes: 0 done, 1 answer negative/, 'prints the help';
like code_is(2, 'a command that is none', 'chekc')->{err}, qr/no command `chekc`/, 'and names it';
like code_is(2, 'half a command', 'import')->{err}, qr/tamga import amnesty /, 'and its kin';
for my $words (['--nonsense'], ['check', '--nonsense', imei(1)], ['check'], ['suspend', imei(1)],
    ['suspend', '--mark', 'angry', '--by', 'police', '--order', '1', imei(1)],
    ['suspend', @stolen], ['suspend', @stolen, '--until', '2026-02-30', imei(1)],
    ['suspend', @stolen, '490154203237519'], ['resume', @stolen], ['import', 'amnesty'],
    ['import', 'verified', 'x.csv'], ['import', 'tac', '--format', 'xml', 'x.csv'],
    ['import', 'verified', '--kind', 'temporary', '--by', '900101300017', 'x.csv'],
    ['customs', 'load'], ['accreditation', 'load'], ['accreditation', 'list', 'x'], ['accreditation', 'revoke', '030540003215'],
    ['accreditation', 'revoke', '--from', '1.1.2026', '030540003215', 'K'], ['feed', 'load', 'x.csv'], ['feed', 'load', '--operator', 'alpha'],
    ['feed', 'load', '--operator', 'alpha', '--accept', 'luck', '--reason', 'x', 'x.csv'],
    ['feed', 'load', '--operator', 'alpha', '--accept', 'dates', 'x.csv'],
    ['check', '--as-of', '1.3.2026', imei(1)], ['check', '--imsi', '12', imei(1)],
    ['rules', 'set'], ['what-if'], ['confirm'], ['confirm', 'x'], ['reject', '1', '2'],
    ['journal', 'show', '--since', 'x1'], ['journal', 'verify', '--against', 'abc'],
    ['snapshot', 'write'], ['export', '--imei', imei(1), '--out', 'x'], ['export', '--order', '1', '--out', 'x'], ['user', 'add'], ['serve', '--listen', '8080'],
    ['serve', '--demo', '--listen', '0.0.0.0:0'], ['--now', 'yesterday', 'check', imei(1)]) {
    like code_is(2, "refused: @$words", @$words)->{err}, qr/^tamga: \S/, 'with a word why';
}
my $help = code_is(0, '--help', '--help')->{out};
for my $command ($help =~ /^  ([a-z][a-z-]+(?: key)?(?: (?:tac|amnesty|gsma|verified|load|show|set|verify|check|write|add|list|create|revoke|move|backup|rebuild|password|use|renew|drop|hold|release|holds|report|channel|due|send|status))?) +\S/mg) {
    like code_is(0, "$command --help", split(/ /, $command), '--help')->{out},
      qr/^usage: tamga $command/, 'prints its usage';
}
ok !-e $r->db, 'no register came into being by all this';

like code_is(2, 'a date out of range', 'check', '--as-of', '9999-12-31', imei(1))->{err},
  qr/^tamga: DATE `9999-12-31`: .*from 2000-01-01 to 2179-06-05$/m, 'says the range';

# --- check ---

code_is(0, 'suspend makes the register', 'suspend', @stolen, imei(1));
is((stat $r->db . '.key')[2] & 0777, 0600, 'its key is its own');
my @keys = qw(imei list reason public_reason rule deadline valid_through next served used duplicate tac
  rule_set as_of);
my $got = code_is(2, 'check: the worst counts', '--json', 'check', imei(2), '12', imei(1),
    '490154203237519', 'abc', '35-735007/000002 9');
my @lines = split /\n/, $got->{out};
is scalar @lines, 6, 'one line an argument';
is $got->{err}, '', 'nothing beside them';
is $lines[0], '{"imei":"' . imei(2) . '","list":"unknown","reason":"NEVER_ACTIVATED",'
  . '"public_reason":"NEVER_ACTIVATED","rule":10,"deadline":null,"valid_through":null,'
  . '"next":null,"served":true,"used":false,"duplicate":false,"tac":null,"rule_set":1,'
  . '"as_of":"2026-03-01"}', 'the shape, byte by byte';
is $lines[1], '{"input":"12","error":"IMEI_FORM"}', 'too short, in its place';
is $lines[2] =~ s/"imei":"\d+",|,"as_of.*//gr, '{"list":"black","reason":"STOLEN",'
  . '"public_reason":"STOLEN","rule":1,"deadline":null,"valid_through":null,"next":null,'
  . '"served":false,"used":false,"duplicate":false,"tac":null,"rule_set":1', 'a black one';
is $lines[3], '{"input":"490154203237519","error":"IMEI_MISTYPED"}', 'mistyped';
is $lines[4], '{"input":"abc","error":"IMEI_CHARS"}', 'no digits';
is json($lines[5])->{imei}, imei(2), 'separators are taken';
is_deeply [sort keys %{json($_)}], [sort @keys], 'the same keys always' for @lines[0, 2, 5];
$got = code_is(1, 'check: not UTF-8', '--json', 'check', imei(1), imei(2));
is json((split /\n/, $r->run('--json', 'check', "\xff\xfe")->{out})[0])->{input}, undef,
  'bytes that are no text stand as null';
for my $form (substr(imei(1), 0, 14), substr(imei(1), 0, 14) . '07') {
    is json($r->run('--json', 'check', $form)->{out})->{imei}, imei(1), 'a form of ' . length $form;
}
code_is(1, 'unknown is a negative answer', 'check', imei(2));
$got = code_is(1, 'check for people', 'check', '--explain', imei(1), imei(3));
like $got->{out}, qr/^\d{15}  black  STOLEN  not served\n +Rule 1\n(?: +.*\n)* +By rule set 1\n/m,
  'list, reason, why';
for my $reason (qw(order penitentiary)) {
    my $imei = imei($reason eq 'order' ? 4 : 5);
    code_is(0, "mark $reason", 'suspend', '--mark', $reason, '--by', 'court', '--order', '7', $imei);
    my ($line) = $r->check($imei);
    is "$line->{reason} $line->{public_reason}", uc($reason) . ' AUTHORITY',
      'the public hears no more than that';
}
is_deeply [$r->lists('00000000000000', '111111111111111')],
  ['black MALFORMED', 'IMEI_MISTYPED'], 'fourteen equal digits';

# --- suspend and resume ---

$got = code_is(2, 'another body does not lift a mark', 'resume', '--mark', 'stolen', '--by', 'court',
    '--order', '8', imei(1));
like $got->{err}, qr/NOT_SETTER `@{[imei(1)]}`/, 'and hears why';
is(($r->lists(imei(1)))[0], 'black STOLEN', 'it stays');
like code_is(2, 'no such mark', 'resume', '--mark', 'lost', '--by', 'police', '--order', '8',
    imei(1))->{err}, qr/NO_MARK/, 'and says so';
code_is(2, 'all or none', 'resume', '--mark', 'stolen', '--by', 'police', '--order', '8', imei(1),
    imei(2));
is(($r->lists(imei(1)))[0], 'black STOLEN', 'none');
code_is(0, 'its setter lifts it', 'resume', '--mark', 'stolen', '--by', 'police', '--order', '8',
    imei(1));
is(($r->lists(imei(1)))[0], 'unknown NEVER_ACTIVATED', 'the other facts speak again');
my $before = $r->whole->{head};
like code_is(0, 'twice the same mark', 'suspend', '--mark', 'order', '--by', 'court', '--order', '7',
    imei(4))->{out}, qr/0 rows written/, 'changes nothing';
is $r->whole->{head}, $before, 'and writes nothing';

# Names and numbers are shown in lines and on terminals: what would show as something else is none.
my @mark = ('suspend', '--mark', 'lost');
for my $odd ("a\nb", "\e[2J", "x\xc2\x9b2J", "x\xe2\x80\xaey", " x", "x ", "\xff", '') {
    my $name = $odd =~ s/([^ -~])/sprintf '\\x%02x', ord $1/egr;
    like code_is(2, "--by '$name'", @mark, '--by', $odd, '--order', '1', imei(6))->{err},
      qr/^tamga: NAME.*plain UTF-8[^\n]*\n\z/, 'says what a name is';
    like code_is(2, "--order '$name'", @mark, '--by', 'police', '--order', $odd, imei(6))->{err},
      qr/^tamga: NAME.*plain UTF-8[^\n]*\n\z/, 'or a number';
    like code_is(2, "--operator '$name'", 'feed', 'load', '--operator', $odd, 'x.csv')->{err},
      qr/--operator wants a name/, 'or an operator';
}
is $r->whole->{head}, $before, 'nothing was written';

# --- imports, twice ---

my $amnesty = $r->file('amnesty.txt', lines(imei(10), imei(11), imei(10), imei(12)));
like code_is(0, 'amnesty', 'import', 'amnesty', $amnesty)->{out},
  qr/^3 given, 3 rows written, 3 white AMNESTY$/m, 'a line that stands twice counts once';
code_is(0, 'check: all served', 'check', imei(10), imei(11), imei(12));
my $verified = $r->file('verified.csv', lines('brand,imei1,imei2', 'X,' . imei(20) . ',' . imei(21),
    'X,' . imei(22) . ','));
my @by = ('--kind', 'import', '--by', '030540003215', '--at', '2026-02-20');
like code_is(0, 'verified', 'import', 'verified', @by, $verified)->{out}, qr/ white VERIFIED$/m,
  'verified';
is_deeply [$r->lists(map { imei($_) } 20 .. 22)], [('white VERIFIED') x 3], 'every IMEI of a device';
my $feed = $r->file('feed.csv', lines('date,imei,imsi,msisdn,rat',
    '20260220,' . imei(30) . ',401010000000001,,001|006',
    '2026-02-21,' . imei(30) . ',401010000000001,,006',
    '2026-02-25,' . imei(31) . '7,401010000000002,,001',
    '2026-02-25,' . imei(32) . ',250010000000002,,001', '2026-02-25,' . imei(33) . ',,,'));
$got = code_is(0, 'feed', '--json', 'feed', 'load', '--operator', 'alpha', $feed);
is_deeply json($got->{out}), {rows => 5, home => 3, roaming => 1, unknown => 1, future => 0, past => 0,
    malformed => 0, imeis => 2, first => 2, earlier => 0, unnoticed => 0, pairs => 3, known => JSON::PP::false},
  'rows are counted by where the subscriber is at home';
is_deeply [$r->lists(map { imei($_) } 30 .. 33)],
  ['grey UNVERIFIED', 'grey UNVERIFIED', ('unknown NEVER_ACTIVATED') x 2],
  'only a home SIM starts the clock; the check digit of a network is not judged';
is(($r->check(imei(30)))[0]{deadline}, '2026-03-22', 'the earliest sighting counts');
my $gsma = $r->file('gsma.csv', lines('imei,why', imei(40) . ',x', imei(41) . ',y'));
like code_is(0, 'gsma', 'import', 'gsma', $gsma)->{out}, qr/2 black GSMA/, 'a column among others';
my $whole = $r->whole;
for my $words (['import', 'amnesty', $amnesty], ['import', 'verified', @by, $verified],
    ['feed', 'load', '--operator', 'alpha', $feed], ['import', 'gsma', $gsma],
    ['import', 'gsma', '--delta', $gsma]) {
    like code_is(0, "again: @$words", @$words)->{out}, qr/nothing (?:new|changed)/, 'known';
    is $r->whole->{head}, $whole->{head}, 'and nothing was written';
}
like $r->run('import', 'amnesty', '-')->{err}, qr/standard input.*FILE_EMPTY/, '- reads a pipe';
is_deeply json($r->run({stdin => $amnesty}, '--json', 'import', 'amnesty', '-')->{out}),
  {known => JSON::PP::true, rows => 0}, 'the same bytes by a pipe are the same file';

# --- guards of a feed ---

sub feed {
    my ($what, $code, $rows, @words) = @_;
    my $file = $r->file('guard.csv', lines('date,imei,imsi,msisdn,rat', @$rows));
    return code_is($code, "feed: $what", 'feed', 'load', '--operator', 'alpha', @words, $file);
}
my @good = map { '2026-02-28,' . imei(100 + $_) . ',401010000000003,,001' } 1 .. 95;
my @reason = ('--reason', 'looked at it');
my $head = $r->whole->{head};
my @later = map { '2026-03-02,' . imei(300 + $_) . ',401010000000003,,001' } 1 .. 6;
like feed('over 5 % later than today', 3, [@good, @later])->{err},
  qr/GUARD: guard dates: of 101 rows 6 are dated later/, 'says which guard';
my @null = map { "2026-02-28,$_,401010000000003,,001" } '', '0', 'abc', '99999999999999', 'null', '1' x 17;
like feed('over 5 % null', 3, [@good, @null])->{err}, qr/guard nulls: .*6 malformed/, 'nulls';
my @near = '2026-02-04,' . imei(400) . ',401010000000003,,001';
like feed('within 7 days of black', 3, [@good, @near])->{err},
  qr/guard notice: .*1 IMEIs.*--accept notice/, 'no notice was sent';
feed('another guard accepted', 3, [@good, @near], '--accept', 'dates,nulls', @reason);
is $r->whole->{head}, $head, 'a load that was held changed nothing';
is_deeply [$r->lists(imei(101), imei(400))], [('unknown NEVER_ACTIVATED') x 2], 'indeed';
feed('one more day is far enough', 0, ['2026-02-07,' . imei(401) . ',401010000000003,,001']);
feed('accepted: the same file loads now', 0, [@good, @near], '--accept', 'notice', @reason);
is_deeply [$r->lists(imei(101), imei(400))], [('grey UNVERIFIED') x 2], 'it is in';
feed('all accepted', 0, [@good, @later, @null], '--accept', 'all', @reason);
is(($r->lists(imei(301)))[0], 'unknown NEVER_ACTIVATED', 'what is dated later stays out all the same');
feed('exactly 5 %', 0, [@good, @later[0 .. 4]]);
is $r->sql('SELECT count(*) FROM note WHERE text LIKE "%looked at it%"'), 2,
  'who accepted said why, and it is kept';

# --- a sighting that comes late ---

sub seen {
    my ($day, $n, @words) = @_;
    my $file = $r->file("late-$n-$day.csv",
        lines('date,imei,imsi,msisdn,rat', "$day," . imei($n) . ',401010000000009,,001'));
    return $r->run('feed', 'load', '--operator', 'beta', @words, $file);
}
seen('2026-02-20', $_) for 500 .. 502;
is(($r->check(imei(500)))[0]{deadline}, '2026-03-22', 'activated on 20 February');
is seen('2026-02-25', 500)->{code}, 0, 'a later sighting';
is(($r->check(imei(500)))[0]{deadline}, '2026-03-22', 'changes nothing');
like seen('2026-02-15', 500)->{out}, qr/0 first activations, 1 moved earlier/, 'an earlier one';
is(($r->check(imei(500)))[0]{deadline}, '2026-03-17', 'moves the deadline');
is seen('2025-03-24', 501)->{code}, 0, 'one from before the duty';
is(($r->lists(imei(501)))[0], 'white AMNESTY', 'makes it white');
is seen('2025-12-01', 502)->{code}, 3, 'one that would make it black is held';
is seen('2025-12-01', 502, '--accept', 'notice', @reason)->{code}, 0, 'unless accepted';
is(($r->lists(imei(502)))[0], 'black EXPIRED', 'the deadline lies far behind');

# --- GSMA: the whole set, or more ---

is $r->run('import', 'gsma', $r->file('g2.txt', lines(imei(41), imei(42))))->{code}, 0, 'another set';
is_deeply [$r->lists(imei(40), imei(41), imei(42))],
  ['unknown NEVER_ACTIVATED', 'black GSMA', 'black GSMA'], 'replaces: what is missing is cleared';
is $r->run('import', 'gsma', '--delta', $r->file('g3.txt', lines(imei(40))))->{code}, 0, '--delta';
is_deeply [$r->lists(imei(40), imei(41), imei(42))], [('black GSMA') x 3], 'adds';

# --- the list of models ---

my $tac = $r->file('tac.csv', lines('Data dump of X,,', 'tac,name,name,contributor',
    '35735007,Nokia,"3310, new"', '1234567,Old,Phone', '123,a,b', '35735007,Nokia,3310'));
seen('2026-02-26', 0 + $_) for 600;
$r->run('feed', 'load', '--operator', 'beta', $r->file('other.csv', lines('date,imei,imsi',
    map { "2026-02-2$_," . imei($_, '86927102') . ',401010000000009' } 6, 7)));
like code_is(0, 'import tac', 'import', 'tac', $tac)->{out},
  qr/1 with a leading 0 given back.*1 findings.*`123`/s, 'oddities are told';
is_deeply(($r->check(imei(600)))[0]{tac}, {brand => 'Nokia', model => '3310'}, 'the model is shown');
is(($r->lists(imei(6, '86927102')))[0], 'grey UNVERIFIED', 'a model not in the list is a finding only');
is $r->run('rules', 'set', 'tac_list_complete=yes')->{code}, 2, 'nobody declares it complete by hand';
like code_is(3, 'import tac --complete that cuts somebody off', 'import', 'tac', '--complete', '--date',
    '2026-02-27', $tac)->{err}, qr/guard notice: of \d+ IMEIs \d+ would change their verdict, [1-9]\d* of them lose service; nothing was loaded/,
  'stops and waits';
code_is(0, 'accepted', 'import', 'tac', '--complete', '--date', '2026-02-27', '--accept', 'notice', '--reason', 'looked', $tac);
is_deeply [$r->lists(imei(600), imei(6, '86927102'), imei(7, '86927102'))],
  ['grey UNVERIFIED', 'black TAC_UNALLOCATED', 'grey UNVERIFIED'],
  'complete: a missing model is black, unless activated after the list was made';
like $r->run('rules', 'show')->{out}, qr/^tac_list_complete=yes\b/m, 'a rule set says so';
my $set = json($r->run('--json', 'rules', 'show')->{out})->{rule_set};
code_is(0, 'the same list again', 'import', 'tac', '--complete', '--date', '2026-02-27', $tac);
is json($r->run('--json', 'rules', 'show')->{out})->{rule_set}, $set, 'is no new rule set';
code_is(0, 'a list that is not complete', 'import', 'tac', $tac);
is(($r->lists(imei(6, '86927102')))[0], 'grey UNVERIFIED', 'gives it back');

like code_is(2, 'sweep --until tomorrow', 'sweep', '--until', '2026-03-02')->{err},
  qr/^tamga: DATE `2026-03-02`: --until lies after today/m, 'says why';

# --- looking ---

like code_is(0, 'history', 'journal', 'show', '--imei', imei(500))->{out},
  qr/2026-03-01  @{[imei(500)]}  observed .*UNVERIFIED through 2026-03-17.*\n.*through 2026-03-22/,
  'newest first';
$got = code_is(0, 'journal show', 'journal', 'show');
my ($cursor) = $got->{out} =~ /^cursor (s\d+)\n\z/m;
is $r->run('journal', 'show', '--since', $cursor)->{out}, "cursor $cursor\n", 'nothing new since';
$r->run('suspend', @stolen, imei(700));
like $r->run('journal', 'show', '--since', $cursor)->{out}, qr/\A *\d+  entry suspended.*STOLEN.*\ncursor s\d+\n\z/s,
  'what is new since';
like code_is(0, 'snapshot', 'snapshot', 'write', $r->path('snapshot'))->{out}, qr/^\d+ IMEIs/, 'told';
ok -s $r->path('snapshot') > 256, 'it stands';
like code_is(0, 'user add', 'user', 'add', 'aigul')->{out}, qr/two persons decide: no/, 'one alone';
is $r->run('user', 'list')->{out}, "aigul\n", 'user list';
is $r->run('--json', 'user', 'list')->{out}, "{\"name\":\"aigul\"}\n", 'user list as JSON';
like $r->run('--json', 'what-if', '--set', 'grace_days=5')->{out},
  qr/\A\{"imeis":\d+,"changed":\d+,"lost":\d+,"regained":0,"form":1,/, 'what-if';
is json($r->run('--json', 'rules', 'show')->{out})->{grace_days}, '30', 'changed nothing';
code_is(3, 'samples are for new registers', 'demo', 'create');
ok $r->whole, 'chain and facts are whole at the end';
# --- the demonstration for everybody: only when somebody says so; here in a network of its own ---

my $shown = Register->new;
$shown->run('demo', 'create');
my $public = $shown->start({tag => 'public', prefix => ['unshare', '-rn']}, 'serve', '--demo', '--demo-public', '--listen', '0.0.0.0:0');
ok poll(30, sub { slurp($shown->path('public.out')) =~ m{http://0\.0\.0\.0:\d+/} }), '--demo-public leaves loopback'
    or diag slurp($shown->path('public.err'));
Register::stop($public);

done_testing;
