"""The shared part of servers of a contract; it needs the extra `grpc` of fieldstone-runtime.

Servicers are for `grpc.aio`: a client that is slow or gone holds no thread.
"""

from fieldstone_runtime.serving.answering import Answering, status
from fieldstone_runtime.serving.callers import Callers, Consumer
from fieldstone_runtime.serving.contract import Contract
from fieldstone_runtime.serving.interceptor import ContractInterceptor
from fieldstone_runtime.serving.paging import (
    DEFAULT_LIMITS,
    Page,
    PageLimits,
    Question,
    converted,
    page_size,
    read_page,
)
from fieldstone_runtime.serving.refusals import (
    NothingFoundError,
    RefusedRequestError,
    UnanswerableError,
    argument,
    given,
)
from fieldstone_runtime.serving.server import new_server

__all__ = [
    "DEFAULT_LIMITS",
    "Answering",
    "Callers",
    "Consumer",
    "Contract",
    "ContractInterceptor",
    "NothingFoundError",
    "Page",
    "PageLimits",
    "Question",
    "RefusedRequestError",
    "UnanswerableError",
    "argument",
    "converted",
    "given",
    "new_server",
    "page_size",
    "read_page",
    "status",
]
