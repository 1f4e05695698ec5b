#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# run - what `make run` does after the build: a first start makes the demonstration register and
# brings the list of models, a second one keeps both and is quick, a broken first start leaves none.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new(dir => tempdir('tamga-e2e.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/var');
my $dir = $r->dir;
my $script = abs_path("$FindBin::Bin/../../tools/run.sh");
$ENV{TAMGA} = abs_path($tamga);
$ENV{TAMGA_VAR} = $dir;
$ENV{PORT} = 0;

# Starts the script; its output goes to a file beside the directory.
sub start {
    my ($log) = @_;
    my $pid = fork // die;
    if (!$pid) {
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec $script or POSIX::_exit(127);
    }
    my $port;
    poll(60, sub {
        ($port) = slurp($log) =~ m{serves http://127\.0\.0\.1:(\d+)/};
        return $port || waitpid($pid, POSIX::WNOHANG()) == $pid;
    });
    return {pid => $pid, port => $port, log => $log};
}

sub stop {
    my ($server) = @_;
    kill 'TERM', $server->{pid};
    waitpid $server->{pid}, 0;
    return $?;
}

# A list of models that stands there already is not fetched.
mkdir $dir;
mkdir "$dir/cache";
spew("$dir/cache/tacdb.csv", lines('tac,name,name', '35735007,Nokia,3310', '1234567,Old,Phone'));

my $first = start("$dir.first");
ok $first->{port}, 'the first start serves' or BAIL_OUT(slurp($first->{log}));
my $said = slurp($first->{log});
like $said, qr/Making the demonstration register/, 'it makes the register';
like $said, qr/2 taken \(0 machines, 1 with a leading 0 given back\)/, 'it repairs the list of models';
like $said, qr/^  357350079900013 +verified_import +white VERIFIED$/m, 'it prints the samples';
is((stat $dir)[2] & 0777, 0700, 'the directory is its own');
is((stat "$dir/tamga.db.key")[2] & 0777, 0600, 'so is the key');
is_deeply [grep { -d } glob "$dir/making*"], [], 'nothing half-made is left';
my ($status, $body) = Register::http($first, 'GET', '/api/v1/check/357350079900013');
is $status, 200, 'it answers';
is_deeply json($body)->{tac}, {brand => 'Nokia', model => '3310'}, 'with the model';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(5))->{code}, 0,
  'something is written';
my $head = json($r->run('--json', 'journal', 'verify')->{out})->{head};
is stop($first), 0, 'a clean end';

my $began = time;
my $second = start("$dir.second");
my $took = time - $began;
ok $second->{port}, 'the second start serves';
ok $took < 10, sprintf 'quickly (%.1f s)', $took;
unlike slurp($second->{log}), qr/Making|taken|Fetching/, 'it makes nothing anew';
($status, $body) = Register::http($second, 'GET', '/api/v1/check/' . imei(5));
is json($body)->{reason}, 'STOLEN', 'what was written is there';
is $r->run('journal', 'verify', '--against', $head)->{code}, 0, 'in the same chain';
my $third = start("$dir.third");
ok $third->{port} && $third->{port} != $second->{port}, 'a third beside it takes another port';
stop($third);
stop($second);

# A first start that was cut short: what is half-made is thrown away.
unlink glob "$dir/tamga.db*";
mkdir "$dir/making";
spew("$dir/making/tamga.db", 'half');
my $again = start("$dir.again");
ok $again->{port}, 'a start after one that was cut short';
($status, $body) = Register::http($again, 'GET', '/api/v1/check/357350079900013');
is json($body)->{list}, 'white', 'has its samples';
stop($again);

# --- the list of models comes from npm when that is at hand ---

# A stand-in for npm that packs what the package holds, or knows nothing.
sub npm {
    my ($name, $script) = @_;
    mkdir "$dir.$name";
    spew("$dir.$name/npm", "#!/bin/bash\necho \"$name \$*\" >>$dir.asked\n$script\n");
    chmod 0755, "$dir.$name/npm";
    return "$dir.$name:/usr/bin:/bin";
}

my $script_pack = <<"END";
mkdir -p package/lib
printf 'tac,name,name\\n1234567,Old,Phone\\n35735007,Nokia,3310\\n' >package/lib/tacdb.csv
tar -czf imei_gencheck-4.0.0.tgz package
END

is system("$script reset >$dir.said"), 0, 'make demo-reset';
like slurp("$dir.said"), qr/begins with new/, 'says what it did';
is_deeply [grep { -e } glob "$dir/tamga.db* $dir/tac-list.done"], [], 'the register is gone';
ok -s "$dir/cache/tacdb.csv", 'a list that was fetched stays';
unlink "$dir/cache/tacdb.csv";
{
    local $ENV{PATH} = npm('broken', 'exit 1');
    my $without = start("$dir.without");
    ok $without->{port}, 'a start when npm has nothing';
    like slurp($without->{log}), qr/No list of models at hand: going on without/, 'goes on without';
    ($status, $body) = Register::http($without, 'GET', '/api/v1/check/357350079900013');
    is json($body)->{list}, 'white', 'with its samples';
    stop($without);
    stop(start("$dir.later"));
    is scalar(() = slurp("$dir.asked") =~ /broken/g), 1, 'npm is asked once a day';
}
unlink "$dir/cache/asked";
{
    local $ENV{PATH} = npm('whole', $script_pack);
    my $with = start("$dir.with");
    ok $with->{port}, 'a start when npm has it' or diag slurp("$dir.with");
    like slurp("$dir.asked"), qr/whole pack .*imei_gencheck\@4\.0\.0/, 'the exact version is asked for';
    like slurp($with->{log}), qr/2 taken \(0 machines, 1 with a leading 0 given back\)/, 'repaired';
    ($status, $body) = Register::http($with, 'GET', '/api/v1/check/357350079900013');
    is_deeply json($body)->{tac}, {brand => 'Nokia', model => '3310'}, 'and used';
    stop($with);
}
done_testing;
