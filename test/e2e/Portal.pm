# SPDX-License-Identifier: Apache-2.0
#
# Portal - People's world as one thing: an authority whose signatures the register believes, a border that is
# the post as well, the real `tamga serve` with both, and requests in somebody's name. One a script.
package Portal;
use strict;
use warnings;
use People ();
use Register;

# settings: more lines of the section [portal]. border => 0: nobody is there to ask.
sub new {
    my ($class, $r, %o) = @_;
    my $p = bless {r => $r, dir => $r->dir}, $class;
    People::people_of($r);
    People::authority('nca');
    my $url = $o{border} // 1 ? 'http://127.0.0.1:' . People::border_start() . '/' : '';
    my $settings = $o{settings} // '';
    for my $place ($r->{database} ? qw(spool papers) : ()) { # beside a register in a file they stand by themselves
        $settings = "$place = $p->{dir}/tamga.db.$place\n$settings" unless $settings =~ /^$place =/m; # it may end in another section
    }
    $r->settings("[portal]\nopen = yes\neds_ca = $p->{dir}/nca.pem\n" . ($url ? "border = $url\nparcel = $url\n" : '') . $settings);
    return $p;
}

# A person with a key. Returns the IIN.
sub person {
    my ($p, $name, $called, $head) = @_;
    my $iin = number_of($head);
    People::give('nca', $name, "/CN=$called/serialNumber=IIN$iin", 'person');
    return $iin;
}

# An organisation, by its head's key. Returns its BIN.
sub organisation {
    my ($p, $name, $called, $iin, $head) = @_;
    my $bin = number_of($head);
    People::give('nca', $name, "/CN=БЕКОВ БОЛАТ/serialNumber=IIN$iin/O=$called/OU=BIN$bin", 'head');
    return $bin;
}

sub serve {
    my ($p, @words) = @_;
    $p->{server} = $p->{r}->serve(@words);
    People::people_server($p->{server});
    return $p->{server};
}

sub number_of { return People::person_number($_[0]) }
sub staff { my ($p, @of) = @_; return People::staff(@of) }
sub border { my ($p, $says) = @_; return People::border($says) }
sub enter { my ($p, $name) = @_; return People::enter($name) }
sub enter_staff { my ($p, $name) = @_; return People::enter_staff($name) }
# (status, JSON, head, text)
sub ask { my ($p, @request) = @_; return People::ask(@request) }

1;
