"""
Mode functions of the vacuum by mpmath, as what no phase changes. Writes, beside itself,
deSitterVacuum.json: f = sqrt(pi)/2 exp(-pi Im(nu)/2) x^(3/2) H1_nu(x) and its slope df/dlna = -x df/dx: |f|, |slope|, Re(f^* slope);
radiationVacuum.json: |chi| at a = 1 of chi'' + (k^2 + m^2 a^2) chi = 0 with a = 1 + hubble tau, of positive frequency at late times: with
s = sqrt(2 m/hubble) a and l = k^2/(2 m hubble), chi = exp(-pi l/4) (2 m hubble)^(-1/4) D_(-1/2 - i l)(exp(i pi/4) s).
"""
import json
from pathlib import Path
from mpmath import mp, mpf, sqrt, pi, exp, hankel1, mpc, conj, pcfd

mp.dps = 40
here = Path(__file__).parent


def write(name, rows):
    (here / name).write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


orders = [mpf(n) for n in ("0", "0.3", "0.5", "1", "1.5", "2.2", "3")]
orders += [mpc(0, n) for n in ("0.5", "2", "5", "12", "20", "29", "60")]
rows = []
for nu in orders:
    for x in ("0.001", "0.02", "0.3", "1", "2.7", "8", "19", "27", "31", "100", "430", "1000"):
        x = mpf(x)
        c = sqrt(pi) / 2 * exp(-pi * mp.im(nu) / 2) * x ** mpf(1.5)
        h = hankel1(nu, x)
        f = c * h
        # H'_nu = H_(nu-1) - nu/x H_nu.
        d = -mpf(1.5) * f - x * c * (hankel1(nu - 1, x) - nu / x * h)
        rows.append(dict(orderSquare=float(mp.re(nu * nu)), x=float(x), modulus=float(abs(f)), slope=float(abs(d)),
                         product=float(mp.re(conj(f) * d))))
write("deSitterVacuum.json", rows)

rows = []
k = m = mpf(1)
for hubble in ("0.2", "0.1", "0.05"):
    h = mpf(hubble)
    l = k**2 / (2 * m * h)
    d = pcfd(mpc(-0.5, -l), exp(mpc(0, 1) * pi / 4) * sqrt(2 * m / h))
    rows.append(dict(hubble=float(h), massSquared=1.0, k=1.0, amplitude=float(exp(-pi * l / 4) * abs(d) / (2 * m * h) ** mpf(0.25))))
write("radiationVacuum.json", rows)
