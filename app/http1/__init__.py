"""An HTTP/1.1 client whose requests can be cancelled at any time.

Read the modules in this order: `client` sends a request and returns the response;
`pool` connects and keeps idle connections; `connection` sends and reads on one;
`messages` and `chunked` are the formats, without any I/O; `readiness` waits for
gevent's sockets; `cancel` is the token that interrupts a request.

urllib3 opens the connections (TCP, proxies, TLS). This package sends and reads on them
itself, because urllib3 returns one chunk per read: at thousands of events a second that
is most of the cost of a stream.

Library internals, that is names which a library's documentation does not mention:

* `urllib3.connection`: `HTTPConnection`, `HTTPSConnection` with `connect`, `set_tunnel`
  and `sock`; `ProxyConfig`. In `pool`; tests/http1/test_proxies.py and test_tls.py.
* http.client: the text of the error when a proxy refuses CONNECT. In `pool`;
  test_refused_tunnel_is_an_error_with_its_status.
* `requests.utils`: `select_proxy`, `get_auth_from_url` in `pool`, `requote_uri` in
  `client`; test_proxies.py and test_path_of_a_url_is_percent_encoded.
* gevent: the attributes of sockets and of the hub that `readiness` lists;
  test_gevent_has_the_internals_that_readiness_uses.
"""
